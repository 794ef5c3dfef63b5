"""Malformed traffic: events that no rule of tolerance makes usable, requests that are refused whole."""

import random
from collections.abc import Callable
from typing import Any

Flaw = Callable[[dict[str, Any]], Any]


def _without_name(event: dict[str, Any]) -> Any:
    return {key: value for key, value in event.items() if key != "event"}


FLAWS: tuple[tuple[str, Flaw], ...] = (
    ("no name", _without_name),
    ("name is a number", lambda event: event | {"event": 17}),
    ("name of signs", lambda event: event | {"event": "!!!"}),
    ("name is empty", lambda event: event | {"event": ""}),
    ("name is null", lambda event: event | {"event": None}),
    ("name is an object", lambda event: event | {"event": {"name": event["event"]}}),
    ("name in a list with another", lambda event: event | {"event": [event["event"], "page_view"]}),
    ("not an object", lambda event: "page_view"),
)


def spoil(rng: random.Random, event: dict[str, Any]) -> Any:
    """The event with one flaw that the contract refuses."""
    return rng.choice(FLAWS)[1](event)


def decorate(rng: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """Unusual but valid: fields the contract does not name, which ingest keeps under `properties`."""
    return event | {"experiment": rng.choice(("A", "B")), "scroll_depth": rng.randint(1, 100)}
