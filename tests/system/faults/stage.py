"""The stack that scenarios play on: the emulator with the deployed template, the proxy before it, the tasks."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen

from rastro.local import emulator, processes, stack
from schemas import Sites, parse_sites
from tests.system.faults.fault_proxy import FaultProxy, Rule
from tests.system.faults.oracle import Undisturbed
from tests.system.faults.service import Service
from tests.system.faults.streams import Follower, Reader
from tests.system.kcl.daemons import FAULTS, Daemon, wait_for
from tests.system.kcl.kinesis_local import KinesisLocal

if TYPE_CHECKING:
    from rastro.local.info import LocalStackInfo

FUNCTION = "rastro-local-ingest"
TICK_SECONDS = 2
QUICK_SECONDS = 0.5


class Stage:
    """In a `with` block. `kind`: `plain`; `resharding`: the raw stream lies on an emulator that can split and merge
    shards; `kept`: the emulator keeps its data over a restart."""

    def __init__(self, home: Path, kind: str = "plain", report: Callable[[str], None] = print) -> None:
        self.home = home.resolve()
        self.faults = self.home / "faults"
        self._resharding = kind == "resharding"
        self._kept = kind == "kept"
        self._report = report
        self._local: stack.LocalStack
        self._kinesis: KinesisLocal | None = None
        self._ticker = 0
        self.facts: LocalStackInfo
        self.proxy: FaultProxy
        self.service: Service
        self.raw: Reader
        self.enriched: Follower
        self.oracle: Undisturbed
        self.extra: dict[str, str] = {}
        """More variables of each task from now on."""
        self.poisoned: set[bytes] = set()
        """Lines with this in them are set aside, so they need not come."""
        self.figures: dict[str, Any] = {}
        """What a scenario measured besides."""
        self.struck_at = 0.0
        self.over_at = 0.0

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "service"):
            self.service.end()
        if hasattr(self, "enriched"):
            self.enriched.stop()
        if self._ticker:
            processes.end(self._ticker, grace=1.0)
        if hasattr(self, "proxy"):
            self.proxy.__exit__(None, None, None)
        if self._kinesis is not None:
            self._kinesis.__exit__(None, None, None)
        if hasattr(self, "_local"):
            self._local.stop()

    def client(self, service: str) -> Any:
        """Past the proxy: what the test itself does is never hurt."""
        if service == "kinesis-raw":
            return emulator.client(self._raw_endpoint, "kinesis")
        return emulator.client(self.facts.aws_endpoint, service)

    # what a scenario does

    def hurt(self, *rules: Rule) -> None:
        """These faults of the network from now on; none: an end to them."""
        self.proxy.set(rules)

    def struck(self) -> None:
        """The fault begins now."""
        self.struck_at = self.over_at = time.time()

    def over(self) -> None:
        """It is over now; what struck once, like a kill, is over at once."""
        self.over_at = time.time()

    def last(self, seconds: float) -> None:
        """Let the fault last; the only thing here that is waited for by the clock."""
        time.sleep(seconds)

    def set_fault(self, name: str, content: str = "") -> None:
        """See tests/system/kcl/faults/sitecustomize.py."""
        (self.faults / name).write_text(content, encoding="utf-8")

    def clear_fault(self, name: str) -> None:
        (self.faults / name).unlink(missing_ok=True)

    def function(self, **more: str) -> None:
        """The ingest function anew, as after a deployment: no warm instance is left."""
        function = self.client("lambda")
        deployed = function.get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
        # the ways to AWS are read once per instance
        variables = {
            **deployed,
            "AWS_ENDPOINT_URL": self.proxy.endpoint,
            "RASTRO_TEST_SERIAL": str(time.time()),
            **more,
        }
        function.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": variables})

    def warm(self) -> None:
        """Wait until the ingest function answers quickly: its start is not what a scenario measures."""

        def quick() -> bool:
            began = time.time()
            with (
                contextlib.suppress(OSError),
                urlopen(f"{self.facts.api_url}/v1/health", timeout=30) as answer,
            ):
                return bool(answer.status == 200) and time.time() - began < QUICK_SECONDS
            return False

        wait_for(quick, lambda: "the ingest function answers quickly")

    def has_all(self, tasks: Sequence[Daemon] | None = None) -> None:
        """Wait until every open shard has a processor, in whichever task."""

        def read() -> bool:
            running = self.service.alive() if tasks is None else tasks
            return all(any(task.child(shard) for task in running) for shard in self.open_shards())

        wait_for(read, lambda: f"every shard has a reader; leases {self.leases()}, logs in {self.home}")

    def is_whole(self) -> bool:
        """Whether every shard has a processor within the usual time."""
        try:
            self.has_all()
        except AssertionError:
            return False
        return True

    def open_shards(self) -> list[str]:
        shards = self.client("kinesis-raw").list_shards(StreamName=self.facts.raw_stream)["Shards"]
        return [one["ShardId"] for one in shards if "EndingSequenceNumber" not in one["SequenceNumberRange"]]

    def leases(self) -> dict[str, str]:
        """Worker names by shard, empty where nobody holds the lease."""
        dynamodb = self.client("dynamodb")
        try:
            items = dynamodb.scan(TableName=stack.APPLICATION, ConsistentRead=True)["Items"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return {}
        return {item["leaseKey"]["S"]: item.get("leaseOwner", {}).get("S", "") for item in items}

    def restart_emulator(self) -> None:
        """End it as a machine does that is shut down in order, start it again with its data on the same port."""
        old = self.facts.processes["emulator"]
        processes.end(old, grace=60.0)
        port = int(self.facts.aws_endpoint.rpartition(":")[2])
        log = self.home / "logs" / "emulator.log"
        started = emulator.start(self.home / "emulator", log, port, persist=self._kept)
        self.facts.processes["emulator"] = started.pid
        stack.running.note(self.home, "emulator", started.pid)

    # inside

    def _open(self) -> None:
        self._local = stack.start(self.home, consumer=False, report=self._report, persist=self._kept)
        self.facts = self._local.facts
        self.faults.mkdir(exist_ok=True)
        for left in self.faults.iterdir():
            left.unlink()
        logs = self.home / "logs"
        self.proxy = FaultProxy(self.facts.aws_endpoint, logs / "proxy.log")
        self.proxy.__enter__()
        self._raw_endpoint = self.facts.aws_endpoint
        if self._resharding:
            self._kinesis = KinesisLocal(self.home / "kinesis-local")
            self._raw_endpoint = self._kinesis.__enter__().endpoint
            self._make_raw_stream()
        self.function()
        self.raw = Reader(self.client("kinesis-raw"), self.facts.raw_stream)
        self.enriched = Follower(Reader(self.client("kinesis"), self.facts.enriched_stream))
        self.oracle = Undisturbed(self._sites(), by_visitor=self._resharding)
        self.service = Service(self.home / "tasks", self._task)
        self._tick()
        self.service.begin()

    def _make_raw_stream(self) -> None:
        kinesis = self.client("kinesis-raw")
        kinesis.create_stream(StreamName=self.facts.raw_stream, ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(
            StreamName=self.facts.raw_stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        to = self._raw_endpoint.rpartition("/")[2]
        self.proxy.route([{"service": "kinesis", "without": self.facts.enriched_stream, "to": to}])

    def _sites(self) -> Sites:
        found = self.client("ssm").get_parameter(Name=self.facts.sites_parameter)
        return parse_sites(found["Parameter"]["Value"])

    def _tick(self) -> None:
        command = [sys.executable, "-m", "rastro.local.ticker", "--endpoint", self._raw_endpoint]
        command += ["--stream", self.facts.raw_stream, "--every", str(TICK_SECONDS)]
        log = self.home / "logs" / "ticker.log"
        self._ticker = processes.launch(command, stack.os.environ, log, cwd=stack.REPOSITORY)

    def _task(self) -> Mapping[str, str]:
        through = self.facts._replace(aws_endpoint=self.proxy.endpoint)
        return {
            **stack.consumer_environment(through),
            "RASTRO_GEO_CITY": "none",  # what is fetched on a machine must not make a difference
            "RASTRO_GEO_ASN": "none",
            "RASTRO_TEST_FAULTS": str(self.faults),
            "RASTRO_TEST_METRICS_SECONDS": "2",
            "PYTHONPATH": str(FAULTS),
            **self.extra,
        }

    def ingest_lines(self, since: float) -> list[dict[str, Any]]:
        """The JSON lines of the ingest function's log since then (epoch seconds)."""
        logs = self.client("logs")
        found: list[dict[str, Any]] = []
        for group in logs.describe_log_groups()["logGroups"]:
            if "ngest" not in group["logGroupName"]:
                continue
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=int(since * 1000)
            )
            for page in pages:
                for event in page["events"]:
                    if event["message"].startswith("{"):
                        try:
                            found.append(json.loads(event["message"]))
                        except ValueError:
                            continue
        return found
