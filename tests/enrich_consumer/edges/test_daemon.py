"""What is handed to the daemon: every name held against the pinned jar, because KCL ignores unknown ones in silence."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from enrich_consumer import __main__ as command_line
from enrich_consumer import app
from enrich_consumer.edges.kcl import daemon
from enrich_consumer.settings import Settings
from tests.enrich_consumer.edges import class_file

PACKAGE = "software.amazon.kinesis.multilang"
SETTINGS = Settings(
    application="shop",
    raw_stream="raw",
    enriched_stream="enriched",
    rejected_delivery="rejected",
    state="file:/state",
    sites="file:/sites.json",
    kinesis_endpoint="http://kinesis",
    dynamodb_endpoint="http://dynamodb",
)


@pytest.fixture(scope="module")
def jar() -> Path:
    (found,) = daemon.jars().glob("amazon-kinesis-client-multilang-*.jar")
    return found


@pytest.fixture(scope="module")
def known(jar: Path) -> frozenset[str]:
    """Every property that the daemon reads: bean properties of its configuration, and the few names that its
    own class reads from the file by itself."""
    beans = class_file.read(jar, f"{PACKAGE}.config.MultiLangDaemonConfiguration").setters
    own = class_file.read(jar, f"{PACKAGE}.MultiLangDaemonConfig").constants
    return beans | {text for name, text in own.items() if name.startswith("PROP_")}


def unknown(names: list[str], known: frozenset[str]) -> list[str]:
    # KinesisClientLibConfigurator.processKey: the one name whose case it mends.
    mended = ["awsCredentialsProvider" if n.lower() == "awscredentialsprovider" else n for n in names]
    return [name for name in mended if name not in known]


def test_the_jar_is_read_rightly(known: frozenset[str]):
    assert {"executableName", "processingLanguage", "maxActiveThreads"} <= known
    assert {"failoverTimeMillis", "streamName", "maxRecords", "dynamoDBEndpoint"} <= known
    assert "regionForClient" not in known  # private, and of three arguments
    assert 40 < len(known) < 80


def test_every_property_is_known_to_the_daemon(known: frozenset[str]):
    names = [item.name for item in daemon.properties(SETTINGS, "x")]
    assert unknown(names, known) == []
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "misspelt", ["failoverTimeMilis", "FailoverTimeMillis", "executablename", "leaseTime"]
)
def test_a_misspelt_property_is_noticed(known: frozenset[str], misspelt: str):
    assert unknown(["failoverTimeMillis", misspelt], known) == [misspelt]


def test_every_property_says_why_or_what():
    for item in daemon.properties(SETTINGS, "x"):
        assert item.reason or item.name in {"streamName", "regionName"}


def test_the_properties_follow_the_settings():
    found = {
        item.name: item.value
        for item in daemon.properties(
            SETTINGS._replace(
                worker_id="me", failover_ms=7_000, idle_ms=250, retrieval="FANOUT", region="eu-west-1"
            ),
            "command -x",
        )
    }
    assert found["executableName"] == "command -x"
    assert found["workerId"] == "me"
    assert (found["streamName"], found["applicationName"]) == ("raw", "shop")
    assert (found["failoverTimeMillis"], found["idleTimeBetweenReadsInMillis"]) == ("7000", "250")
    assert (found["retrievalMode"], found["regionName"]) == ("FANOUT", "eu-west-1")
    assert (found["kinesisEndpoint"], found["dynamoDBEndpoint"]) == ("http://kinesis", "http://dynamodb")
    assert int(found["shutdownGraceMillis"]) > 0
    assert found["callProcessRecordsEvenForEmptyRecordList"] == "true"


def test_a_limit_of_leases_is_set_only_if_there_is_one(known: frozenset[str]):
    assert "maxLeasesForWorker" not in {item.name for item in daemon.properties(SETTINGS, "x")}
    limited = {item.name: item.value for item in daemon.properties(SETTINGS._replace(max_leases=16), "x")}
    assert limited["maxLeasesForWorker"] == "16"
    assert unknown(["maxLeasesForWorker"], known) == []


def test_on_aws_no_endpoint_is_named():
    plain = SETTINGS._replace(kinesis_endpoint=None, dynamodb_endpoint=None)
    assert not {item.name for item in daemon.properties(plain, "x")} & {
        "kinesisEndpoint",
        "dynamoDBEndpoint",
    }


def test_the_file_has_a_line_for_each_property_under_its_reason():
    text = daemon.properties_text([daemon.Property("a", "1", "because"), daemon.Property("b", "2", "")])
    assert text == "# because\na = 1\nb = 2\n"
    whole = daemon.properties_text(daemon.properties(SETTINGS, "x"))
    for line in whole.splitlines():
        assert line.startswith("# ") or " = " in line


def test_java_takes_every_flag_and_they_do_what_they_say():
    asked = subprocess.run(
        [
            str(daemon.java()),
            "-XX:ActiveProcessorCount=1",
            "-XX:MaxRAM=3g",  # a task as the settings make it
            *(flag.text for flag in daemon.FLAGS),
            "-XX:+PrintFlagsFinal",
            "-version",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert "warning" not in asked.stderr.lower()  # of a flag that is deprecated or has gone
    final = dict(re.findall(r"^ *\w+ (\w+) += (\S+)", asked.stdout, re.MULTILINE))
    assert int(final["MaxHeapSize"]) == 768 << 20
    assert final["ExitOnOutOfMemoryError"] == "true"
    assert final["UseSerialGC"] == "true"  # Java's own choice there
    assert all(flag.reason for flag in daemon.FLAGS)


def test_kcl_becomes_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Up to the point where Java takes the process over."""
    beats = tmp_path / "beats"
    beats.mkdir()
    (beats / "shardId-of-an-earlier-daemon").touch()
    environment = SETTINGS._replace(
        state=f"file:{tmp_path}", geo_city="none", geo_asn="none", heartbeat=str(beats)
    ).to_env()
    started: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "environ", environment)

    def execve(*given: Any) -> NoReturn:  # as the real one, it does not return
        started.append(given)
        raise SystemExit

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(app, "check", lambda settings: None)
    monkeypatch.setattr(
        sys, "argv", ["enrich_consumer", "kcl", "--folder", str(tmp_path / "made"), "--no-restart"]
    )
    with pytest.raises(SystemExit):
        sys.exit(command_line.main())
    ((program, command, env),) = started
    assert program == command[0]
    assert os.access(program, os.X_OK)
    assert command[command.index("-cp") + 1].endswith("/jars/*")
    assert command[1 : command.index("-cp")] == [flag.text for flag in daemon.FLAGS]
    assert daemon.MAIN_CLASS in command
    for flag in ("--properties-file", "--log-configuration"):
        assert Path(command[command.index(flag) + 1]).is_file()
    properties = dict(
        line.split(" = ", 1)
        for line in (tmp_path / "made" / "kcl.properties").read_text().splitlines()
        if not line.startswith("#")
    )
    assert shlex.split(properties["executableName"]) == [
        sys.executable,
        "-m",
        "enrich_consumer",
        "record-processor",
    ]
    assert env["RASTRO_LOG"] == f"/proc/{os.getpid()}/fd/2"
    assert env["RASTRO_APPLICATION"] == "shop"
    assert env["RASTRO_WORKER_ID"] == properties["workerId"] != daemon.worker_name()
    assert list(beats.iterdir()) == []


def test_missing_jars_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import amazon_kclpy

    monkeypatch.setattr(amazon_kclpy, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(FileNotFoundError, match=r"no KCL jars in .*install it again"):
        daemon.jars()
