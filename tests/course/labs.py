"""A lab's text as a test: each block of commands runs in one shell, and the block of text behind it is its output.

In the expected output `…` stands for anything within a line, and a line of `…` alone for any lines.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LABS = sorted((ROOT / "docs" / "pt-BR" / "curso").glob("[0-9][0-9]-*.md"))

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>sh|text)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Step(NamedTuple):
    """Commands, the output that the page promises (None: it promises none), and the line where they stand."""

    line: int
    commands: str
    expected: str | None


def steps(text: str) -> list[Step]:
    """The steps of a page, in order.

    Raises:
        ValueError: an output stands behind no commands.
    """
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        if block["kind"] == "sh":
            found.append(Step(line, block["text"], None))
        elif not found or found[-1].expected is not None:
            raise ValueError(f"line {line}: an output without commands")
        else:
            found[-1] = found[-1]._replace(expected=block["text"])
    return found


def matches(expected: str, got: str) -> bool:
    """Whether the output is what the page promises; blanks at the ends of lines do not count."""
    lines = [line.rstrip() for line in expected.strip("\n").split("\n")]
    pattern = ""
    for line in lines:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("…")) + r"\n"
    text = "\n".join(line.rstrip() for line in _ANSI.sub("", got).strip("\n").split("\n")) + "\n"
    return re.fullmatch(pattern, text) is not None


class Shell:
    """One bash for a whole lab, as a student has one terminal."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, commands: str) -> tuple[int, str]:
        """Exit status of the last command, and everything printed."""
        mark = secrets.token_hex(8)
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.write(f"{commands}\nprintf '\\n%s %s\\n' {mark} $?\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(mark):
                return int(line.split()[1]), "".join(lines)
            lines.append(line)
        raise RuntimeError(f"the shell ended; it printed {''.join(lines)!r}")

    def close(self) -> None:
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.close()
        try:
            self._bash.wait(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._bash.pid, signal.SIGKILL)  # what a lab that failed left in the background
            self._bash.stdout.close()


def run(path: Path, shell: Shell) -> None:
    """Do a lab.

    Raises:
        AssertionError: a command failed, or printed something else than the page says.
    """
    for step in steps(path.read_text(encoding="utf-8")):
        status, output = shell.run(step.commands)
        where = f"{path.name}:{step.line}\n{step.commands}"
        assert status == 0, f"{where}exit status {status}, output:\n{output}"
        if step.expected is not None:
            assert matches(step.expected, output), f"{where}expected:\n{step.expected}\ngot:\n{output}"


def checkout(folder: Path) -> Path:
    """A copy of this checkout as a student has it, a Git repository of its own: labs change files and go back."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in filter(None, (part.decode() for part in files)):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    author = ["-c", "user.name=aluno", "-c", "user.email=aluno@loja.example"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*author, "commit", "-qm", "curso"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """A student's terminal: the activated environment, and the copy's packages before those installed."""
    return {
        "PATH": f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "HOME": os.environ.get("HOME", str(folder)),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        **{name: value for name, value in os.environ.items() if name.startswith("RASTRO_")},
    }
