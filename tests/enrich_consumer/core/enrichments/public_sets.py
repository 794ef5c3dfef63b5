"""Public test sets, kept outside the repository: fetched once by the registries' own clients, then cached.

Without a network the tests that use one are skipped, and say so.
"""

import functools
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from reference_data.databases import data_folder


def folder(name):
    """Where the set called `name` lies; skips the test when it cannot be had."""
    home = data_folder(os.environ) / "test-sets" / name
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
            problem = _FETCH[name](Path(scratch))
            if problem:
                pytest.skip(f"the public test set {name} cannot be had here: {problem}")
            try:
                (Path(scratch) / "set").rename(home)
            except OSError:  # another test run was faster
                assert home.exists()
    return home


def _run(command, folder):
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if result.returncode == 0 else (result.stderr.strip() or "failed").splitlines()[-1]


def _sdist(requirement, folder):
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        requirement.partition("==")[0],
        requirement,
    ]
    problem = _run([*pip, "-d", "."], folder)
    if problem:
        return problem
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder / "all", filter="data")
    next((folder / "all").iterdir()).rename(folder / "set")
    return ""


def _debian(package, folder):
    if not shutil.which("apt-get"):
        return "no apt-get"
    problem = _run(["apt-get", "download", package], folder)
    if problem:
        return problem
    return _run(["dpkg", "-x", next(folder.glob("*.deb")).name, "set"], folder)


_FETCH = {
    "uap-core": functools.partial(_debian, "uap-core"),  # the user-agent project's own cases
    "geoip2": functools.partial(_sdist, "geoip2==5.3.0"),  # MaxMind's test databases
    "maxminddb": functools.partial(_sdist, "maxminddb==3.2.0"),  # broken databases
    "device-detector": functools.partial(
        _sdist, "device-detector==6.5.1"
    ),  # Matomo's agents, as its Python port has them
    "referer-parser": functools.partial(_sdist, "referer-parser==0.4.1"),  # a list of referrers
}


def report(capsys, what, good, total, misses):
    """Print the agreement, whatever pytest captures, and return it in percent."""
    percent = 100 * good / total
    with capsys.disabled():
        print(f"\n  {what}: {percent:.2f} % of {total:,} agree", end="")
    if os.environ.get("RASTRO_MISSES"):
        Path(os.environ["RASTRO_MISSES"]).mkdir(parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() else "-" for letter in what)
        (Path(os.environ["RASTRO_MISSES"]) / f"{name}.txt").write_text("\n".join(map(str, misses)))
    return percent
