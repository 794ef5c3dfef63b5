"""`local.json`: what scripts and other clients must know to use a running local stack."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from rastro.terminal.errors import Problem

FILE_NAME = "local.json"
LEDGER = "ledger.json"
"""Under the home folder: what `rastro demo` has accounted for so far."""
HOME = Path(".rastro")
"""Where a stack lies if nothing else is said."""


class LocalStackInfo(NamedTuple):
    """The content of `<home>/local.json`; the field names are its keys, all values are JSON.

    `api_url` has no slash at its end (`POST {api_url}/v1/events`) and answers on 127.0.0.1 with no
    name service. `shop_url`, `console_url`: empty when the stack runs without them. `ingest_log`: the log
    group of the ingest function. `processes` maps
    `emulator`, `consumer`, `ticker`, `shop` and `console` (all but the first absent when the stack runs without them)
    to process ids; each is the leader of its own process group. `home` and `logs` are absolute folders.
    Clients of `aws_endpoint` take any credentials; `rastro.local.emulator.client` makes such a client.
    """

    api_url: str
    site_key: str
    site: str
    aws_endpoint: str
    region: str
    stack_name: str
    raw_stream: str
    enriched_stream: str
    rejected_delivery: str
    enriched_delivery: str
    session_ends_delivery: str
    cart_events_delivery: str
    raw_delivery: str
    bucket: str
    database: str
    enriched_table: str
    rejected_table: str
    enriched_prefix: str
    rejected_prefix: str
    raw_prefix: str
    session_ends_prefix: str
    cart_events_prefix: str
    state_uri: str
    sites_parameter: str
    salt_parameter: str
    home: str
    logs: str
    processes: dict[str, int]
    shop_url: str = ""
    console_url: str = ""
    ingest_log: str = ""


def path_of(home: Path) -> Path:
    return home / FILE_NAME


def write(facts: LocalStackInfo, home: Path) -> None:
    """Write whole or not at all: a reader never sees half a file."""
    path = path_of(home)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(facts._asdict(), indent=2) + "\n", encoding="utf-8")
    os.replace(fresh, path)  # noqa: PTH105 - same as Path.replace, which reads as a text operation


def read(home: Path) -> LocalStackInfo:
    """The facts of the stack under `home`.

    Raises:
        Problem: nothing runs there, or the file is of another version.
    """
    path = path_of(home)
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem(
            f"no local stack under {home}; start one with: rastro up --home {home}", "no_stack"
        ) from None
    except ValueError:
        raise Problem(
            f"{path} is not readable JSON; stop what runs and delete the file", "no_stack"
        ) from None
    try:
        return LocalStackInfo(**document)
    except TypeError:
        raise Problem(
            f"{path} was written by another version; stop that stack and delete the file", "no_stack"
        ) from None
