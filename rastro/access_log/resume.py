"""Notes in a small file how far a load has come, so that it can go on where it stopped."""

import json
from pathlib import Path
from typing import NamedTuple

from rastro.terminal.errors import Problem


class Mark(NamedTuple):
    """Every page view up to line `through` is stored: `posted` of them.

    `shift`: ms added to the log's times; kept, so that the gaps hold over a pause.
    """

    through: int
    posted: int
    shift: int


def read(path: Path) -> Mark | None:
    """The mark of an unfinished load; None without one.

    Raises:
        Problem: the file is damaged.
    """
    try:
        return Mark(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise Problem(f"{path} is damaged; begin anew with --from-start") from None


def write(path: Path, mark: Mark) -> None:
    """Write the mark, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(mark._asdict()), encoding="utf-8")
    fresh.replace(path)
