"""A fix for what was refused: one JSONata expression, from what came to what should have come.

JSONata can read its input and build another value, nothing else: no file, no network, no import, no clock but the
machine's. Each use has a time limit. Why this language: docs/decisions/0063-tools.md.
"""

import json
from pathlib import Path
from typing import Any

import jsonata

from rastro.terminal.errors import Problem

LIMIT_MS = 2_000
LIMIT_DEPTH = 300


class FixError(Exception):
    """The fix fails on one payload; the message says why."""


class Fix:
    """An expression that was read. The payload is its input, the row's own columns are `$row`."""

    def __init__(self, text: str) -> None:
        """Raises Problem: it is no JSONata."""
        try:
            self._expression = jsonata.Jsonata(text)
        except jsonata.JException as error:
            raise Problem(f"the fix is no JSONata: {error}", "fix_unreadable") from None

    def __call__(self, payload: Any, row: dict[str, Any]) -> list[Any]:
        """What is to go back: one value, several, or none where the expression gives nothing.

        Raises:
            FixError: the expression fails, takes too long, or gives no JSON.
        """
        frame = self._expression.create_frame()
        frame.set_runtime_bounds(LIMIT_MS, LIMIT_DEPTH)
        frame.bind("row", row)
        try:
            found = self._expression.evaluate(json.loads(json.dumps(payload)), frame)
            plain = json.loads(json.dumps(found))
        except jsonata.JException as error:
            raise FixError(str(error)) from None
        except (TypeError, ValueError, RecursionError) as error:
            raise FixError(f"{type(error).__name__}: {error}") from None
        if plain is None:
            return []
        return plain if isinstance(plain, list) else [plain]


def read_fix(given: str | None) -> Fix | None:
    """`@file` or the expression itself.

    Raises:
        Problem: no such file, or no JSONata.
    """
    if given is None:
        return None
    if not given.startswith("@"):
        return Fix(given)
    try:
        return Fix(Path(given[1:]).read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(f"the fix cannot be read: {error}", "fix_unreadable") from None
