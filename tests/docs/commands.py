"""The commands in the fenced blocks of a page, and whether each is one that exists. Nothing is run on AWS."""

import argparse
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import botocore.session
from botocore import xform_name

from rastro.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_HIGH_LEVEL_S3 = {"rm", "cp", "mv", "sync", "ls"}
_GLOBAL = {"query", "output", "region", "profile", "max-items", "no-paginate"}
"""Options of every operation of the AWS command line; `max-items` of those with pages."""


class Block(NamedTuple):
    """`kind`: the language after the fence."""

    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(kind, text) for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a block; lines that end in a backslash go on."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield words


def wrong(words: list[str]) -> str:
    """What is wrong with a command; empty if it can be given."""
    first = words[0]
    if first == "rastro":
        return _rastro(words[1:])
    if first == "aws":
        return _aws(words[1:])
    if first == "make":
        targets = re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        known = {name for line in targets for name in line.split()}
        return "" if words[1] in known else f"no target {words[1]}"
    if words[:3] == ["python", "-m", "infra"] and len(words) == 4:
        return (
            ""
            if (ROOT / "infra" / "environments" / f"{words[3]}.toml").exists()
            else f"no environment {words[3]}"
        )
    return "" if first in ("curl", "git") else f"nobody knows {first}"


class _CannotBeGivenError(Exception):
    """What argparse would print before it ends the process."""


class _Told(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _CannotBeGivenError(message)


def _rastro(words: list[str]) -> str:
    if words[0] not in COMMANDS:
        return f"no command rastro {words[0]}"
    parser = _Told(exit_on_error=False)
    importlib.import_module(COMMANDS[words[0]]).arguments(parser)
    try:
        parser.parse_args(words[1:])
    except (argparse.ArgumentError, _CannotBeGivenError) as error:
        return f"rastro {words[0]}: {error}"
    return ""


def _aws(words: list[str]) -> str:
    service, operation, *options = words
    if service == "s3":
        return "" if operation in _HIGH_LEVEL_S3 else f"no aws s3 {operation}"
    model = botocore.session.get_session().get_service_model("s3" if service == "s3api" else service)
    found = next((name for name in model.operation_names if xform_name(name, "-") == operation), None)
    if found is None:
        return f"no aws {service} {operation}"
    shape = model.operation_model(found).input_shape
    members = dict(shape.members) if shape else {}
    known = {xform_name(name, "-") for name in members} | _GLOBAL
    flags = {name for name, member in members.items() if member.type_name == "boolean"}
    known |= {f"no-{xform_name(name, '-')}" for name in flags}
    given = {word.removeprefix("--").partition("=")[0] for word in options if word.startswith("--")}
    unknown = given - known
    missing = {xform_name(name, "-") for name in (shape.required_members if shape else ())} - given
    if unknown:
        return f"aws {service} {operation} has no --{min(unknown)}"
    return f"aws {service} {operation} needs --{min(missing)}" if missing else ""
