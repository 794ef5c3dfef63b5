"""Everything a shop changes about one environment, typed. `environments/<name>.toml` holds the values.

Each field says its meaning, unit and bounds; `infra.reading` turns a file into these values or says what
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
        "Header in which our own proxy in front of the API puts the client address, for example"
        " cloudfront-viewer-address; empty: the address of the connection. Anybody can write a header, so"
        " set it only where the API takes requests from that proxy alone.",
        pattern=r"[a-z0-9-]*",
    )
    architecture: str = _setting("arm64", "Processor of the function.", choices=("arm64", "x86_64", "host"))
    python: str = _setting(
        "3.13", "Python of the function.", choices=("3.11", "3.12", "3.13", "3.14", "host")
    )


@dataclass(frozen=True)
class Delivery:
    """Firehose. Parquet conversion needs a buffer of at least 64 MiB."""

    buffer_seconds: int = _setting(300, "Longest wait before a file is written.", low=60, high=900)
    buffer_mib: int = _setting(128, "Largest buffer before a file is written.", low=64, high=128)


@dataclass(frozen=True)
class Lake:
    """The bucket and its tables."""

    first_day: str = _setting("2026-01-01", "Oldest day the tables look for.", pattern=r"\d{4}-\d{2}-\d{2}")
    raw_days: int = _setting(30, "Days the raw archive is kept; it holds full addresses.", low=1, high=3650)
    rejected_days: int = _setting(90, "Days rejected events are kept.", low=1, high=3650)
    enriched_days: int = _setting(0, "Days enriched events are kept; 0: for ever.", low=0, high=36500)
    noncurrent_days: int = _setting(
        7, "Days an overwritten or deleted object can be brought back.", low=1, high=365
    )


@dataclass(frozen=True)
class Protection:
    """What must not happen by accident, and the keys."""

    keep_data: bool = _setting(
        True, "Deleting the stack keeps streams, bucket and tables, and the stack refuses deletion."
    )
    encryption_key: str = _setting(
        "aws",
        "aws: keys that AWS owns and does not charge; own: one KMS key of this stack.",
        choices=("aws", "own"),
    )
    log_days: int = _setting(
        30,
        "Days that logs are kept.",
        choices=(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
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
    streams: Streams = field(default_factory=Streams)
    ingest: Ingest = field(default_factory=Ingest)
    delivery: Delivery = field(default_factory=Delivery)
    lake: Lake = field(default_factory=Lake)
    protection: Protection = field(default_factory=Protection)

    @property
    def prefix(self) -> str:
        """The start of every name: `rastro-dev`."""
        return f"rastro-{self.name}"

    @property
    def database(self) -> str:
        """The Glue database: SQL takes no hyphen in a bare name."""
        return self.prefix.replace("-", "_")
