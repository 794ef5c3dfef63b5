"""`python -m infra.image [NAME]`: run the daemon from the built image against a local stack, and look.

Needs root and the image that `infra/image/build-without-docker.sh` makes. Shows, each with its figure: an
event posted over HTTP becomes a row; the health check tells a live shard from a stalled one; nothing runs
as root; SIGTERM to process 1 ends the daemon in order. Exit status 1 if any of it fails.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import Request, urlopen

from rastro.local import processes, stack
from rastro.local.stack import LocalStack

_BUILDAH = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
_UID = 10001
_USER = f"{_UID}:{_UID}"
_ROW_SECONDS = 180.0
_STALE_SECONDS = 3600


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.image", description=__doc__)
    parser.add_argument(
        "name", nargs="?", default="rastro-consumer", help="the image (default: rastro-consumer)"
    )
    name = parser.parse_args(argv).name
    os.environ.update(_BUILDAH)
    with tempfile.TemporaryDirectory() as folder:
        beats = Path(folder) / "beats"
        beats.mkdir()
        os.chown(beats, _UID, _UID)
        with stack.start(Path(folder) / "home", consumer=False) as local:
            container = _buildah("from", "--pull-never", name)
            try:
                return 0 if _try(local, container, beats) else 1
            finally:
                _buildah("rm", container)


def _try(local: LocalStack, container: str, beats: Path) -> bool:
    command = _words(container)
    environment = stack.consumer_environment(local.facts) | {"RASTRO_HEARTBEAT": "/beats"}
    run = ["buildah", "run", "--user", _USER, "--volume", f"{beats}:/beats"]
    run += [f"--env={key}={value}" for key, value in environment.items()]
    log = Path(local.facts.logs) / "image.log"
    started = time.monotonic()
    runner = processes.launch([*run, container, "--", *command], os.environ, log, cwd=beats)
    try:
        _post(local)
        row = _wait_for_row(local, runner)
        print(f"row in the lake after {time.monotonic() - started:.0f} s: {row or 'none'}")
        print(f"processes: {_owners(beats)}")
        well = subprocess.run(  # noqa: S603 - our own words
            [*run, container, "--", "python", "-m", "enrich_consumer", "health"], check=False
        ).returncode
        print(f"health of a working shard: exit status {well}")
        stalled = _stalled(run, container, beats)
        print(f"health of a stalled shard: exit status {stalled}")
        before = time.monotonic()
        for pid in _pids("tini"):
            os.kill(pid, signal.SIGTERM)
        while processes.alive(runner) and time.monotonic() - before < stack.STOP_SECONDS:
            time.sleep(0.1)
        ended = not processes.alive(runner)
        print(
            f"after SIGTERM to process 1: {'ended' if ended else 'still there'} in {time.monotonic() - before:.1f} s"
        )
        return bool(row) and well == 0 and stalled == 1 and ended
    finally:
        if processes.alive(runner):
            print(processes.tail(log, 40), file=sys.stderr)
        processes.end(runner)
        for word in ("tini", "java", "python"):  # what is left of a container that did not end by itself
            for pid in _pids(word):
                os.kill(pid, signal.SIGKILL)


def _words(container: str) -> list[str]:
    """Entry point and command of the image: `buildah run` takes neither by itself."""
    config = json.loads(_buildah("inspect", container))["Docker"]["config"]
    words: list[str] = config["Entrypoint"] + config["Cmd"]
    return words


def _post(local: LocalStack) -> None:
    body = json.dumps(
        {"event": "page_view", "visitor_id": "image", "page": {"url": "https://www.loja.example/"}}
    )
    headers = {"Content-Type": "application/json", "X-Rastro-Key": local.facts.site_key}
    with urlopen(Request(f"{local.facts.api_url}/v1/events", body.encode(), headers), timeout=30) as answer:  # noqa: S310 - our own address
        print(f"posted: {answer.status} {answer.read().decode()}")


def _wait_for_row(local: LocalStack, runner: int) -> str | None:
    deadline = time.monotonic() + _ROW_SECONDS
    while time.monotonic() < deadline and processes.alive(runner):
        found = local.client("s3").list_objects_v2(
            Bucket=local.facts.bucket, Prefix=local.facts.enriched_prefix
        )
        for entry in found.get("Contents", []):
            return str(entry["Key"])
        time.sleep(1)
    return None


def _stalled(run: list[str], container: str, beats: Path) -> int:
    """The health check's answer when a shard's heartbeat is an hour old."""
    beat = beats / "shardId-stalled"
    beat.touch()
    old = time.time() - _STALE_SECONDS
    os.utime(beat, (old, old))
    command = [*run, container, "--", "python", "-m", "enrich_consumer", "health"]
    status = subprocess.run(command, check=False, capture_output=True).returncode  # noqa: S603 - our own words
    beat.unlink()
    return status


def _pids(word: str) -> list[int]:
    """Processes of the image's user whose command starts with `word`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")[0].decode()
            if folder.stat().st_uid == _UID and Path(command).name == word:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _owners(beats: Path) -> str:
    counts = {word: len(_pids(word)) for word in ("tini", "java", "python")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    owners = {path.stat().st_uid for path in beats.iterdir()}
    return f"{told}, all as user {_USER}; heartbeats written by {sorted(owners)}"


def _buildah(*words: str) -> str:
    command = ["buildah", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
