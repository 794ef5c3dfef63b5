"""`python -m infra.packaging.compile_consumer [OUT]`: the consumer compiled with mypyc in a folder of its own.

The sources stay as they are and stay the truth: OUT holds copies of them, and beside some a module that Python takes
first. To run it, put OUT first on the path (`environment`). Why: docs/decisions/0047-the-core-is-compiled.md.
It imports nothing of ours and needs no package but mypy and setuptools: the image's build has this file alone.
"""

import argparse
import fcntl
import hashlib
import importlib.metadata
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "compiled"
PACKAGES = ("schemas", "enrich_consumer", "reference_data")
"""What is copied: as in the image, all that the consumer imports of ours."""

COMPILED = ("enrich_consumer/core/**/*.py", "enrich_consumer/worker.py", "enrich_consumer/edges/aws/sinks.py")
INTERPRETED = {
    "enrich_consumer/core/raw_record.py": "read at run time as annotations, which mypyc does not keep",
    "enrich_consumer/edges/kcl/processor.py": "its base class has no types; mypyc 2.4 stops at a raise in a finally",
    "enrich_consumer/edges/kcl/protocol.py": "the same base, and a few lines a call of many records",
    "enrich_consumer/session_log/log.py": "once a save; its time goes by in struct, hashlib and the store",
    "schemas": "values and parsed settings: mypyc leaves named tuples as they are",
}
"""What stays out of the list above or might be looked for in it, and why. All else runs at the start or at a flush."""

STAMP = "compiled.sha256"
_DEBIAN = "on Debian: apt-get install gcc libc6-dev python3-dev"


class CompileError(RuntimeError):
    """`code`: no_compiler, no_headers, no_mypyc, foreign_folder or failed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.compile_consumer", description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=OUT, help="default: build/compiled")
    try:
        out = compile_into(parser.parse_args(argv).out)
    except CompileError as error:
        print(f"rastro: {error}", file=sys.stderr)
        return 1
    print(f"the compiled consumer is in {out}")
    return 0


def compiled_package(out: Path = OUT) -> Path | None:
    """The folder of the compiled consumer, made if need be; None where none can be made, after telling why.

    Raises:
        CompileError: the tools are there, but mypyc or the C compiler refuses the sources.
    """
    try:
        return compile_into(out)
    except CompileError as error:
        if error.code == "failed":
            raise
        print(f"rastro: nothing is compiled: {error}", file=sys.stderr)
        return None


def environment(out: Path) -> dict[str, str]:
    """What a child process needs to import from `out`.

    `python -m` puts the working directory before PYTHONPATH, so from a checkout it would find the sources there.
    """
    return {"PYTHONPATH": str(out), "PYTHONSAFEPATH": "1"}


def compile_into(out: Path) -> Path:
    """Copy and compile unless `out` is fresh; what was there is replaced when all is done.

    Raises:
        CompileError: see there.
    """
    out = out.resolve()
    if out.exists() and not (out / STAMP).exists():
        raise CompileError("foreign_folder", f"{out} was not made by this command; remove it or name another")
    _check_tools()
    digest = _digest()
    out.parent.mkdir(parents=True, exist_ok=True)
    with _locked(out):
        if not _fresh(out, digest):
            with tempfile.TemporaryDirectory(dir=out.parent, prefix=".compiled-") as folder:
                tree = Path(folder) / "new"
                for source in _sources():
                    copy = tree / source.relative_to(ROOT)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, copy)
                _compile(tree)
                (tree / STAMP).write_text(digest, encoding="ascii")
                if out.exists():
                    out.rename(Path(folder) / "old")
                tree.rename(out)
    return out


def modules(tree: Path = ROOT) -> list[str]:
    """The files to compile, relative to `tree`."""
    found = {str(path.relative_to(tree)) for pattern in COMPILED for path in tree.glob(pattern)}
    return sorted(found - INTERPRETED.keys())


def _compile(tree: Path) -> None:
    # Not the project's settings for mypy: strictness is for `make types`, and stubs need not be there to compile.
    words = ["--config-file=", "--ignore-missing-imports", *modules(tree)]
    settings = {"MYPYC_OPT_LEVEL": "3", "MYPYC_DEBUG_LEVEL": "0"}
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "mypyc", *words],
        cwd=tree,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    built = sorted(tree.rglob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))
    if done.returncode or not built:
        raise CompileError("failed", f"mypyc says:\n{done.stdout[-4000:].strip()}")
    for left in ("build", ".mypy_cache"):
        shutil.rmtree(tree / left, ignore_errors=True)


def _check_tools() -> None:
    for package in ("mypy", "setuptools"):
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            raise CompileError("no_mypyc", f"{package} is not installed in {sys.prefix}") from None
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if shutil.which(compiler[0]) is None:
        raise CompileError("no_compiler", f"there is no C compiler called {compiler[0]}; {_DEBIAN}")
    for header, folder in (("Python.h", sysconfig.get_path("include")), ("stdlib.h", None)):
        words = [*compiler, *(["-I", folder] if folder else []), "-E", "-x", "c", "-"]
        line = f"#include <{header}>\n"
        done = subprocess.run(words, input=line, capture_output=True, text=True, check=False)  # noqa: S603 - the same
        if done.returncode:
            where = f" in {folder}" if folder else ""
            raise CompileError("no_headers", f"the C compiler does not find {header}{where}; {_DEBIAN}")


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _digest() -> str:
    """Changes with whatever the result depends on: sources, the list, Python, mypy."""
    made_by = (sys.version, platform.machine(), importlib.metadata.version("mypy"))
    digest = hashlib.sha256(repr(made_by).encode() + Path(__file__).read_bytes())
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _fresh(out: Path, digest: str) -> bool:
    stamp = out / STAMP
    return stamp.exists() and stamp.read_text(encoding="ascii") == digest


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Two at once, for example two workers of a test run: the second waits and finds it done."""
    with out.with_name(f".{out.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
