"""`python -m tests.system.image [NAME]`: run the daemon from the built image against a local stack, and look.

Needs root and the image that `infra/packaging/build-without-docker.sh` makes; with `--build` it is made while the stack
starts. The container is made as Fargate makes it: the root file system read-only, a fresh /tmp, user 10001, process 1
in its own process space. Shows, each with its figure: an event posted over HTTP becomes a row; the health check tells a
working shard from a stalled one; SIGTERM to process 1 ends the daemon in order. Exit status 1 if any of it fails, 69 if
Debian's packages cannot be had.
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

_BUILD = Path(__file__).parents[3] / "infra" / "packaging" / "build-without-docker.sh"
_UNAVAILABLE = 69
_UID = 10001
_ROW_SECONDS = 180.0
_HEALTH = ("python", "-m", "enrich_consumer", "health")
# $1: the image's files; the rest: the command. The mounts end with the process.
_CONTAINER = """
set -e
root=$1
shift
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot --userspec=10001:10001 "$root" /usr/bin/env -i "$@"
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.system.image", description=__doc__)
    parser.add_argument(
        "name", nargs="?", default="rastro-consumer", help="the image (default: rastro-consumer)"
    )
    parser.add_argument("--build", action="store_true", help="make the image first")
    args = parser.parse_args(argv)
    os.environ |= {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": _storage()}
    with tempfile.TemporaryDirectory() as folder:
        build = _start_build(args.name, Path(folder) / "build.log") if args.build else None
        try:
            with stack.start(Path(folder) / "home", consumer=False) as local:
                status = 0 if build is None else _built(build, Path(folder) / "build.log")
                return status or _run(local, args.name)
        finally:
            if build is not None and build.poll() is None:
                os.killpg(build.pid, signal.SIGTERM)
                build.wait()


def _storage() -> str:
    """As the build chooses: layers that share their files where the kernel has them, else copies."""
    probe = ["buildah", "--storage-driver", "overlay", "info"]
    return "vfs" if subprocess.run(probe, capture_output=True, check=False).returncode else "overlay"


def _start_build(name: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen([_BUILD, name], stdout=file, stderr=subprocess.STDOUT, start_new_session=True)


def _built(build: subprocess.Popen[bytes], log: Path) -> int:
    """Its exit status, after its end."""
    before = time.monotonic()
    status = build.wait()
    print(f"image built: exit status {status}, {time.monotonic() - before:.0f} s after the stack was there")
    if status:
        print(processes.tail(log, 20), file=sys.stderr)
    return _UNAVAILABLE if status == _UNAVAILABLE else int(status != 0)


def _run(local: LocalStack, name: str) -> int:
    container = _buildah("from", "--pull-never", name)
    try:
        return 0 if _try(local, container) else 1
    finally:
        _buildah("rm", container)


def _try(local: LocalStack, container: str) -> bool:
    root = _buildah("mount", container)
    config = json.loads(_buildah("inspect", container))["Docker"]["config"]
    ours = stack.consumer_environment(local.facts)
    ours.pop("RASTRO_HEARTBEAT")  # the image's own
    env = [*config["Env"], *(f"{key}={value}" for key, value in ours.items())]
    log = Path(local.facts.logs) / "image.log"
    started = time.monotonic()
    isolate = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _CONTAINER, "sh", root]
    runner = processes.launch(
        [*isolate, *env, *config["Entrypoint"], *config["Cmd"]], os.environ, log, cwd=Path(local.facts.home)
    )
    try:
        _post(local)
        row = _wait_for_row(local, runner)
        print(f"row in the lake after {time.monotonic() - started:.0f} s: {row or 'none'}")
        if row is None:
            return False
        (init,) = _children("tini")
        print(f"processes of user {_UID}: {', '.join(_commands())}")
        inside = ["nsenter", f"--target={init}", "--mount", "--pid", "--root", f"--setuid={_UID}"]
        inside += [f"--setgid={_UID}", "/usr/bin/env", "-i", *env]
        written = _status([*inside, "touch", "/opt/rastro/written"])
        print(f"writing to the root file system: exit status {written}")
        well = _status([*inside, *_HEALTH])
        print(f"health of working shards: exit status {well}")
        _status([*inside, "touch", "-d", "1 hour ago", "/tmp/rastro/heartbeat/shardId-stalled"])
        stalled = _status([*inside, *_HEALTH])
        print(f"health of a stalled shard: exit status {stalled}")
        ended = _ended_after_sigterm(runner, init)
        return written != 0 and well == 0 and stalled == 1 and ended
    finally:
        if processes.alive(runner):
            print(processes.tail(log, 40), file=sys.stderr)
        processes.end(runner)


def _ended_after_sigterm(runner: int, init: int) -> bool:
    before = time.monotonic()
    os.kill(init, signal.SIGTERM)
    while processes.alive(runner) and time.monotonic() - before < stack.STOP_SECONDS:
        time.sleep(0.1)
    ended = not processes.alive(runner)
    print(
        f"SIGTERM to process 1: {'ended' if ended else 'still there'} after {time.monotonic() - before:.1f} s"
    )
    return ended


def _post(local: LocalStack) -> None:
    body = {"event": "page_view", "visitor_id": "image", "page": {"url": "https://www.loja.example/"}}
    headers = {"Content-Type": "application/json", "X-Rastro-Key": local.facts.site_key}
    request = Request(f"{local.facts.api_url}/v1/events", json.dumps(body).encode(), headers)
    with urlopen(request, timeout=30) as answer:
        print(f"posted: {answer.status} {answer.read().decode()}")


def _wait_for_row(local: LocalStack, runner: int) -> str | None:
    deadline = time.monotonic() + _ROW_SECONDS
    prefix = {"Bucket": local.facts.bucket, "Prefix": local.facts.enriched_prefix}
    while time.monotonic() < deadline and processes.alive(runner):
        for entry in local.client("s3").list_objects_v2(**prefix).get("Contents", []):
            return str(entry["Key"])
        time.sleep(1)
    return None


def _children(word: str) -> list[int]:
    """Processes of the image's user whose command is `word`."""
    return [pid for pid, command in _owned().items() if command == word]


def _commands() -> list[str]:
    return sorted(_owned().values())


def _owned() -> dict[int, str]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == _UID:
                found[int(folder.name)] = Path(
                    (folder / "cmdline").read_bytes().split(b"\0")[0].decode()
                ).name
        except OSError:
            continue
    return found


def _status(command: list[str]) -> int:
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode


def _buildah(*words: str) -> str:
    command = ["buildah", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
