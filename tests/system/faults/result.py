"""What one scenario came to."""

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "results"


class Result(NamedTuple):
    """All counts are of different events unless they say otherwise.

    `answers`: POSTs by HTTP status, "0" for none at all. `refused`: events that never got a 202 and were refused each
    time; `unknown`: that never got a 202 and once got no answer. `lost`: accepted, and neither in the views nor in the
    rejected table; `unkept`: rejected one by one, and not in the rejected table. `copies`: rows of the landing table
    beyond the first of their event, `copies_in_views`: the same of the view `events`. `sessions_wrong`: sessions of
    the view that are not the oracle's, and the other way round. `lines_wrong`: enriched lines that an undisturbed
    consumer would not have written, or that are missing. `fault_seconds`: how long the fault lasted;
    `recovery_seconds`: from its end until no event waited longer than `play.WAIT_SECONDS` any more; `longest_wait`: of
    one event, answer to enriched stream. `alarms`: would fire if the fault went on; `alarms_missing`: should, and
    would not.
    """

    name: str
    says: str
    group: str
    at: str
    events: int
    answers: dict[str, int]
    accepted: int
    rejected: int
    refused: int
    unknown: int
    lost: int
    unkept: int
    copies: int
    copies_in_views: int
    sessions: int
    sessions_wrong: int
    lines_wrong: int
    fault_seconds: float
    recovery_seconds: float
    longest_wait: float
    alarms: list[str]
    alarms_missing: list[str]
    seen: list[str]
    surprises: list[str]
    figures: dict[str, Any]

    @property
    def good(self) -> bool:
        """Nothing is lost or wrong, and who looks after it would know."""
        return not (
            self.lost
            or self.unkept
            or self.copies_in_views
            or self.sessions_wrong
            or self.lines_wrong
            or self.alarms_missing
            or self.surprises
        )


def write(result: Result, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result._asdict(), indent=1, ensure_ascii=False) + "\n"
    (folder / f"{result.name}.json").write_text(text, encoding="utf-8")


def read(folder: Path = FOLDER) -> list[Result]:
    found = [Result(**json.loads(path.read_text(encoding="utf-8"))) for path in folder.glob("*.json")]
    return sorted(found, key=lambda result: result.name)
