"""The Lambda package: locked dependencies for the target machine, our code and contract, the storefront's scripts.

Built with pip's platform options, so no Docker and no machine of that kind is needed. The same input
gives the same bytes; a package is built once and found again by the digest of its input.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra.environments.settings import Ingest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "lambda.txt"
CACHE = ROOT / "build" / "lambda"
PACKAGES = ("ingest_lambda", "schemas")
SCRIPTS = ROOT / "storefront" / "dist"
_BUILD = 2  # raise it when this file changes what a package holds
_KINDS = {".py", ".json"}
NEWEST_GLIBC = 34  # Amazon Linux 2023, which all of Lambda's Pythons from 3.12 on run on
_OLDEST_GLIBC = 17


class PackageError(RuntimeError):
    """The package could not be built; the message says what pip said."""


class Target(NamedTuple):
    """`machine` as Linux names it (`aarch64`, `x86_64`), `python` as `3.13`."""

    machine: str
    python: str


def target(ingest: Ingest) -> Target:
    """The machine that will run the function; `host` is the one that runs this."""
    machine = {"arm64": "aarch64", "x86_64": "x86_64", "host": _host_machine()}[ingest.architecture]
    return Target(machine, _host_python() if ingest.python == "host" else ingest.python)


def build(wanted: Target, cache: Path = CACHE) -> Path:
    """The package as a zip file in `cache`; built unless it is there.

    Raises:
        PackageError: pip found no wheel for the target, or cannot reach the package index.
    """
    package = cache / f"{_digest(wanted)}.zip"
    if package.exists():
        return package
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        tree = Path(folder) / "tree"
        _install(wanted, tree)
        for source in _sources():
            copy = tree / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        fresh = Path(folder) / "package.zip"
        zip_tree(tree, fresh)
        os.replace(fresh, package)  # noqa: PTH105 - atomic, so two builds at once are no harm
    return package


def with_file(package: Path, name: str, content: bytes) -> Path:
    """The same package with one more file, beside it."""
    digest = hashlib.sha256(b"\0".join((package.name.encode(), name.encode(), content))).hexdigest()[:32]
    wanted = package.with_name(f"{digest}.zip")
    if not wanted.exists():
        with tempfile.TemporaryDirectory(dir=package.parent) as folder:
            fresh = Path(folder) / "package.zip"
            shutil.copyfile(package, fresh)
            with zipfile.ZipFile(fresh, "a") as archive:
                archive.writestr(_entry(name), content, compresslevel=9)
            os.replace(fresh, wanted)  # noqa: PTH105 - atomic, so two builds at once are no harm
    return wanted


def one_file(source: Path, cache: Path = CACHE) -> Path:
    """A package of one file, `handler.py`, that needs nothing but the runtime."""
    content = source.read_bytes()
    package = cache / f"{source.parent.name}-{hashlib.sha256(content).hexdigest()[:32]}.zip"
    if not package.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            tree = Path(folder) / "tree"
            tree.mkdir()
            (tree / "handler.py").write_bytes(content)
            fresh = Path(folder) / "package.zip"
            zip_tree(tree, fresh)
            os.replace(fresh, package)  # noqa: PTH105 - atomic, so two builds at once are no harm
    return package


def _sources() -> Iterator[Path]:
    """Our files of the package: code and contract, no examples; and the scripts that it serves."""
    yield from sorted(path for path in SCRIPTS.iterdir() if path.suffix in {".js", ".mjs"})
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in _KINDS and "examples" not in path.parts and "__pycache__" not in path.parts:
                yield path


def _digest(wanted: Target) -> str:
    digest = hashlib.sha256(repr((_BUILD, wanted)).encode())
    for path in (REQUIREMENTS, *_sources()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _install(wanted: Target, tree: Path) -> None:
    # pip takes the tags it is given and no older ones by itself, so all that Lambda's system can load.
    platforms = [
        f"manylinux_2_{minor}_{wanted.machine}" for minor in range(NEWEST_GLIBC, _OLDEST_GLIBC - 1, -1)
    ]
    platforms.append(f"manylinux2014_{wanted.machine}")
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile"),
        *("--implementation=cp", f"--python-version={wanted.python}", f"--target={tree}"),
        *(f"--platform={name}" for name in platforms),
        *("-r", str(REQUIREMENTS)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise PackageError(
            f"the Lambda package for {wanted.machine}, Python {wanted.python} could not be built; pip says:\n"
            f"{done.stderr.strip()}"
        )


def zip_tree(tree: Path, package: Path) -> None:
    """Sorted names, one time stamp, one mode: the bytes depend on the content alone."""
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(tree.rglob("*")):
            name = path.relative_to(tree)
            if path.is_dir() or name.parts[0] == "bin" or "__pycache__" in name.parts:
                continue
            if name.name in {"RECORD", "REQUESTED", "INSTALLER", "direct_url.json"}:
                continue  # pip's own notes, with no use at run time
            archive.writestr(_entry(name.as_posix()), path.read_bytes())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _host_machine() -> str:
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())


def _host_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
