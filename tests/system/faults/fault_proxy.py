"""The proxy between the parts and the emulator: mitmproxy with `proxy/addon.py`, in an environment of its own, because
it pins libraries that others here need newer."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from rastro.local import processes
from rastro.local.emulator import HOST, free_port
from tests.system.kcl.daemons import wait_for

FOLDER = Path(__file__).parent / "proxy"
LOCK = FOLDER / "requirements.txt"

Rule = dict[str, Any]


def installed() -> Path:
    """mitmdump, installed the first time exactly as the lock says; kept in the user's cache."""
    name = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rastro" / "fault-proxy"
    folder = cache / name
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache))
        python = str(fresh / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)]
        for command in ([sys.executable, "-m", "venv", str(fresh)], pip):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"the fault proxy could not be installed:\n{done.stderr}"
        try:
            fresh.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(fresh)
    return folder


class FaultProxy:
    """In front of `upstream` (a URL) in a `with` block."""

    def __init__(self, upstream: str, log: Path) -> None:
        self._upstream = upstream
        self._log = log
        self._pid = 0
        self._routes: list[dict[str, str]] = []
        self.endpoint = ""

    def __enter__(self) -> Self:
        port = free_port()
        self.endpoint = f"http://{HOST}:{port}"
        python = installed() / "bin" / "python"  # scripts of a renamed environment name its old folder
        start = "from mitmproxy.tools.main import mitmdump; mitmdump()"
        options = ["--mode", f"reverse:{self._upstream}", "--listen-host", HOST, "--listen-port", str(port)]
        # The host header is part of what is signed; nothing is to be kept of what passes.
        options += [
            "--set",
            "keep_host_header=true",
            "--set",
            "flow_detail=0",
            "--set",
            "connection_strategy=lazy",
        ]
        options += ["--set", f"confdir={self._log.parent / 'mitmproxy'}", "--quiet"]
        command = [str(python), "-c", start, *options, "-s", str(FOLDER / "addon.py")]
        self._pid = processes.launch(command, os.environ, self._log, cwd=FOLDER)
        wait_for(self._answers, lambda: f"the fault proxy answers:\n{processes.tail(self._log)}", seconds=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        processes.end(self._pid, grace=1.0)

    def set(self, rules: Sequence[Rule]) -> None:
        """These faults and no others from now on."""
        self._call("PUT", {"rules": list(rules), "routes": self._routes})

    def route(self, routes: Sequence[dict[str, str]]) -> None:
        """Lead some requests elsewhere; ends every fault."""
        self._routes = list(routes)
        self.set(())

    def counts(self) -> dict[str, int]:
        """Requests so far, by "service operation kind text"; kind `all` is every request."""
        return {str(name): int(count) for name, count in self._call("GET", None)["counts"].items()}

    def times(self) -> dict[str, list[float]]:
        """When each fault was done, in epoch seconds, by the same names."""
        return {str(name): list(times) for name, times in self._call("GET", None)["times"].items()}

    def _call(self, method: str, document: Any) -> dict[str, dict[str, Any]]:
        body = None if document is None else json.dumps(document).encode()
        request = Request(f"{self.endpoint}/_faults", data=body, method=method)
        with urlopen(request, timeout=30) as answer:
            found: dict[str, dict[str, Any]] = json.loads(answer.read())
        return found

    def _answers(self) -> bool:
        assert processes.alive(self._pid), f"the fault proxy ended:\n{processes.tail(self._log)}"
        try:
            self.counts()
        except (URLError, OSError):
            return False
        return True
