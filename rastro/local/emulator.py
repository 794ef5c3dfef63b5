"""The AWS emulator (MiniStack): one process on a port of this machine, all its data under one folder."""

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from botocore.config import Config

from rastro.local import processes
from rastro.terminal.errors import Problem

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "000000000000"
_START_SECONDS = 60.0


class Emulator(NamedTuple):
    """A running emulator. `pid` leads its process group."""

    endpoint: str
    pid: int
    log: Path

    def client(self, service: str) -> Any:
        return client(self.endpoint, service)

    def stop(self) -> None:
        processes.end(self.pid)


def start(folder: Path, log: Path, port: int | None = None, *, persist: bool = False) -> Emulator:
    """Start on `port` or a free one, with clean state, and wait until it answers.

    `persist`: what it holds when it is asked to end is in `folder`, and there again at the next such start.

    Raises:
        Problem: the port is taken, or the process died (with its last log lines).
    """
    chosen = _checked(port) if port else free_port()
    folder.mkdir(parents=True, exist_ok=True)
    env = {
        **_inherited(),
        "GATEWAY_PORT": str(chosen),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": str(folder),
        "PERSIST_STATE": str(int(persist)),
        "S3_PERSIST": str(int(persist)),
        "IOT_MTLS_ENABLED": "0",  # a fixed port, which two stacks would fight over
        "LOG_LEVEL": "WARNING",
    }
    pid = processes.launch([sys.executable, "-m", "ministack"], env, log, cwd=folder)
    emulator = Emulator(f"http://{HOST}:{chosen}", pid, log)
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(emulator.endpoint):
        if not processes.alive(pid):
            raise Problem(f"the emulator ended while starting; its log {log} says:\n{processes.tail(log)}")
        if time.monotonic() > deadline:
            emulator.stop()
            raise Problem(f"the emulator did not answer for {_START_SECONDS:.0f} s; see {log}")
        time.sleep(0.1)
    return emulator


def client(endpoint: str, service: str) -> Any:
    """A boto3 client of the emulator. Any credentials will do; these are in nobody's account."""
    make: Any = boto3.client  # its type lists every service by literal name; ours comes as an argument
    return make(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's, not a secret
        config=Config(
            retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path"},  # no name service for bucket names
        ),
    )


def aws_environment(endpoint: str) -> dict[str, str]:
    """The variables that make any AWS client talk to the emulator."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        # In CBOR the emulator gives arrival times in seconds where Java's SDK reads milliseconds.
        "CBOR_ENABLED": "false",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _checked(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Problem(
                f"port {port} cannot be used ({error.strerror}); give another --port, or none for a free one"
            ) from None
    return port


def _inherited() -> dict[str, str]:
    """Our environment without what could lead a client to a real account."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _answers(endpoint: str) -> bool:
    try:
        with urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:  # noqa: S310 - our own URL
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
