"""Everything a shop changes about one environment, typed. `environments/<name>.toml` holds the values.

Each field says its meaning, unit and bounds; `infra.environments.loader` turns a file into these values or says what
is wrong with it. Defaults are those of a small production shop; the files override them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def _setting(default: Any, about: str, **bounds: Any) -> Any:
    """A field with its meaning and its bounds (`low`, `high`, `choices`, `pattern`)."""
    return field(default=default, metadata={"about": about, **bounds})


@dataclass(frozen=True)
class Account:
    """Where the environment lives."""

    region: str = _setting("sa-east-1", "AWS region.", pattern=r"[a-z]{2}(-[a-z]+)+-\d")
    id: str = _setting("", "Account number; empty: the account of the credentials.", pattern=r"(\d{12})?")


@dataclass(frozen=True)
class Streams:
    """The raw and the enriched stream. Both place records by partition key, whatever the mode."""

    mode: str = _setting("on_demand", "Who scales.", choices=("on_demand", "provisioned"))
    raw_shards: int = _setting(1, "Shards of the raw stream, if provisioned.", low=1, high=500)
    enriched_shards: int = _setting(1, "Shards of the enriched stream, if provisioned.", low=1, high=500)
    retention_hours: int = _setting(168, "How long records can be read again.", low=24, high=8760)


@dataclass(frozen=True)
class Ingest:
    """The HTTP API and its function."""

    memory_mb: int = _setting(512, "Memory; processor time grows with it.", low=128, high=10240)
    timeout_seconds: int = _setting(10, "Time for one request, retries included.", low=3, high=29)
    reserved_concurrency: int = _setting(
        100, "Most requests at once; 0: no limit of its own.", low=0, high=10000
    )
    requests_per_second: int = _setting(500, "The API answers 429 above this.", low=1, high=100_000)
    burst: int = _setting(1000, "Requests that may come at one moment.", low=1, high=100_000)
    viewer_header: str = _setting(
        "",
        "Header in which our own proxy in front of the API puts the client's IP address, for example"
        " cloudfront-viewer-address; empty: the connection's own. Anybody can write a header, so"
        " set it only where the API takes requests from that proxy alone.",
        pattern=r"[a-z0-9-]*",
    )
    trusted_proxies: int = _setting(
        0,
        "How many of the right-most IP addresses in that header are further proxies of ours.",
        low=0,
        high=10,
    )
    scripts_path: str = _setting(
        "/r/",
        "Under which path the API serves the storefront's scripts; blockers know words like track, so choose a plain"
        " one. Empty: it does not.",
        pattern=r"((/[A-Za-z0-9._~-]+)+/)?",
    )
    architecture: str = _setting("arm64", "Processor of the function.", choices=("arm64", "x86_64", "host"))
    python: str = _setting("3.13", "Python of the function.", choices=("3.12", "3.13", "3.14", "host"))


@dataclass(frozen=True)
class Delivery:
    """Firehose. Parquet conversion needs a buffer of at least 64 MiB."""

    buffer_seconds: int = _setting(300, "Longest wait before a file is written.", low=60, high=900)
    buffer_mib: int = _setting(128, "Largest buffer before a file is written.", low=64, high=128)
    decimals: str = _setting(
        "text",
        "How amounts reach Firehose: as JSON text, which its reader takes by its source, or as JSON number. If rows"
        " with amounts lie below errors/, set the other.",
        choices=("text", "number"),
    )


@dataclass(frozen=True)
class Lake:
    """The bucket and its tables."""

    first_day: str = _setting("2026-01-01", "Oldest day the tables look for.", pattern=r"\d{4}-\d{2}-\d{2}")
    raw_days: int = _setting(
        30,
        "Days until the raw archive is gone, old versions too; it holds full IP addresses.",
        low=2,
        high=3650,
    )
    rejected_days: int = _setting(90, "Days rejected events are kept.", low=1, high=3650)
    enriched_days: int = _setting(0, "Days enriched events are kept; 0: for ever.", low=0, high=36500)
    noncurrent_days: int = _setting(
        7, "Days an overwritten or deleted object can be brought back.", low=1, high=365
    )


@dataclass(frozen=True)
class Closing:
    """Ends of sessions and carts left behind."""

    ticks: bool = _setting(
        True,
        "A function tells every shard the time, twice a minute. Without ticks nothing ends where nobody comes.",
    )
    webhook_url: str = _setting(
        "", "Where cart events are posted, signed; empty: nowhere.", pattern=r"(https://\S+)?"
    )
    topic: bool = _setting(False, "Cart events also go to an SNS topic of this environment.")


@dataclass(frozen=True)
class Protection:
    """What must not happen by accident, and the keys."""

    keep_data: bool = _setting(
        True, "Deleting the stack keeps streams, bucket and tables, and the stack refuses deletion."
    )
    encryption_key: str = _setting(
        "aws",
        "aws: keys of AWS (the streams' is billed by request); own: one KMS key of this stack.",
        choices=("aws", "own"),
    )
    log_days: int = _setting(
        30,
        "Days that logs are kept.",
        choices=(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    )


@dataclass(frozen=True)
class Stacks:
    """Which stacks there are beside the pipeline."""

    consumer: bool = _setting(True, "ECR repository, network, ECS service. Nothing is enriched without it.")
    analytics: bool = _setting(True, "Athena workgroup, views, named queries.")
    monitoring: bool = _setting(True, "Alarms, dashboard, canary, budget.")
    edge: bool = _setting(False, "CloudFront and WAF in front of the API.")


@dataclass(frozen=True)
class Network:
    """Where the consumer runs: a network of its own, or subnets of yours."""

    cidr: str = _setting(
        "10.40.0.0/20", "Addresses of the own network.", pattern=r"\d+(\.\d+){3}/(1[6-9]|2[0-4])"
    )
    egress: str = _setting(
        "endpoints",
        "endpoints: private links to each AWS service, nothing else is reachable; nat: one NAT gateway, cheaper.",
        choices=("endpoints", "nat"),
    )
    vpc_id: str = _setting("", "A network that exists; empty: make one.", pattern=r"(vpc-[0-9a-f]{8,17})?")
    private_subnets: tuple[str, ...] = _setting(
        (), "With vpc_id: subnets that reach the AWS services.", pattern=r"subnet-[0-9a-f]{8,17}"
    )
    availability_zones: tuple[str, ...] = _setting(
        (), "With vpc_id: the zone of each subnet, in their order.", pattern=r"[a-z]{2}(-[a-z]+)+-\d[a-z]"
    )


@dataclass(frozen=True)
class Consumer:
    """The enrichment service. One task works on many shards; more tasks than shards are idle."""

    image_tag: str = _setting(
        "0.2.0", "Tag of the image in the environment's repository.", pattern=r"[\w.-]+"
    )
    cpu: int = _setting(
        1024, "CPU units of a task; 1024 are one processor.", choices=(256, 512, 1024, 2048, 4096, 8192)
    )
    memory_mib: int = _setting(
        3072, "Memory of a task; about 400 bytes for each open visitor on top of 1 GiB.", low=1024, high=61440
    )
    architecture: str = _setting("arm64", "Processor of the task.", choices=("arm64", "x86_64"))
    tasks_min: int = _setting(1, "Tasks that always run.", low=1, high=100)
    tasks_max: int = _setting(4, "Most tasks that a growing lag may start.", low=1, high=100)
    max_shards: int = _setting(
        0,
        "Most shards a task takes; 0: no limit. Too few leave shards unread (docs/scale.md).",
        low=0,
        high=1000,
    )
    lag_seconds: int = _setting(60, "Lag that starts one more task.", low=10, high=3600)
    cpu_percent: int = _setting(60, "CPU load that the number of tasks is held to.", low=20, high=90)
    stop_seconds: int = _setting(
        90, "Time to hand leases over before a task is killed; KCL itself needs up to 20.", low=30, high=120
    )
    retrieval: str = _setting(
        "POLLING",
        "POLLING, or FANOUT: 2 MB/s for each shard alone, billed by the hour and GB.",
        choices=("POLLING", "FANOUT"),
    )
    geo_city: str = _setting("", "City database in the image; empty: what `rastro data fetch` put there.")
    geo_asn: str = _setting(
        "", "Network database in the image; empty: what `rastro data fetch --maxmind` put there."
    )


@dataclass(frozen=True)
class Analytics:
    """Athena and QuickSight."""

    scan_limit_gib: int = _setting(50, "A query that would read more is stopped.", low=1, high=100_000)
    results_days: int = _setting(14, "Days query results are kept.", low=1, high=365)
    quicksight_user: str = _setting(
        "",
        "QuickSight user or group ARN that owns the dashboards; empty: no QuickSight.",
        pattern=r"(arn:aws:quicksight:[a-z0-9-]+:\d{12}:(user|group)/.+)?",
    )


@dataclass(frozen=True)
class Monitoring:
    """Who is notified, and beyond which thresholds."""

    emails: tuple[str, ...] = _setting((), "Addresses that get alarms.", pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+")
    lag_minutes: int = _setting(10, "Consumer lag that alarms.", low=1, high=1440)
    rejected_per_hour: int = _setting(1000, "Rejected rows within an hour that alarm.", low=1, high=10**9)
    rejected_percent: int = _setting(5, "Share of rejected events that alarms.", low=1, high=100)
    quiet_minutes: int = _setting(30, "Time without any request that alarms; 0: never.", low=0, high=1440)
    latency_ms: int = _setting(1500, "p99 of an ingest answer that alarms.", low=50, high=29000)
    freshness_minutes: int = _setting(
        20, "Age of the oldest undelivered record that alarms.", low=5, high=1440
    )
    canary: bool = _setting(True, "Post an event every few minutes and look for its row.")
    canary_site: str = _setting("canary", "Site of the canary events; it must be in the sites document.")
    canary_minutes: int = _setting(15, "Canary event to Athena row, longest.", low=5, high=240)
    budget_usd: int = _setting(
        0, "Monthly cost that alarms at 80 % and 100 %; 0: no budget.", low=0, high=10**6
    )


@dataclass(frozen=True)
class Edge:
    """CloudFront with WAF. The certificate must be in us-east-1."""

    domain: str = _setting("", "Host name for the storefront to post to; empty: CloudFront's own.")
    certificate_arn: str = _setting(
        "", "Certificate for it.", pattern=r"(arn:aws:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+)?"
    )
    lock: bool = _setting(
        True,
        "The API refuses what did not come through the edge. In a live environment first deploy the edge with false,"
        " move the storefront, then set true: a locked API refuses events of a storefront that still posts to it.",
    )
    requests_per_5_minutes: int = _setting(
        3000, "One IP address that sends more is blocked for a while.", low=100, high=2_000_000
    )
    price_class: str = _setting(
        "all", "Edge locations; all has South America.", choices=("100", "200", "all")
    )


@dataclass(frozen=True)
class Environment:
    """One deployment of Rastro. `name` is the file's; it is in every resource name."""

    name: str
    folder: Path = field(metadata={"about": "Where the file lies; other files are named relative to it."})
    sites: str = _setting("", "The sites document (schemas/sites.schema.json), relative to this file.")
    sites_text: str = field(default="", metadata={"derived": True})
    tags: dict[str, str] = field(
        default_factory=dict, metadata={"about": "Tags on everything, for the bill."}
    )
    account: Account = field(default_factory=Account)
    stacks: Stacks = field(default_factory=Stacks)
    streams: Streams = field(default_factory=Streams)
    ingest: Ingest = field(default_factory=Ingest)
    delivery: Delivery = field(default_factory=Delivery)
    lake: Lake = field(default_factory=Lake)
    closing: Closing = field(default_factory=Closing)
    protection: Protection = field(default_factory=Protection)
    network: Network = field(default_factory=Network)
    consumer: Consumer = field(default_factory=Consumer)
    analytics: Analytics = field(default_factory=Analytics)
    monitoring: Monitoring = field(default_factory=Monitoring)
    edge: Edge = field(default_factory=Edge)

    @property
    def locked(self) -> bool:
        """Whether the API refuses what did not come through the edge."""
        return self.stacks.edge and self.edge.lock

    @property
    def prefix(self) -> str:
        """The start of every name: `rastro-dev`."""
        return f"rastro-{self.name}"

    @property
    def application(self) -> str:
        """The consumer's name: of its lease tables, its metrics and its session log."""
        return f"{self.prefix}-consumer"

    @property
    def database(self) -> str:
        """The Glue database: SQL takes no hyphen in a bare name."""
        return self.prefix.replace("-", "_")
