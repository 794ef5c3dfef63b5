"""docs/sessions.md shows every example, as it is drawn today, and says the numbers that are in the code."""

from pathlib import Path

import pytest

from enrich_consumer.core.enrichments.event_time import NONSENSE_MS
from enrich_consumer.core.sessions.closing import SLACK_MS
from enrich_consumer.core.sessions.visitor import MAX_IDS
from schemas import Session
from tests.proofs.sessions.cases import CASES, DEFAULT, Case
from tests.proofs.sessions.history import NONSENSE, SLACK, WINDOW
from tests.proofs.sessions.pictures import FOLDER, draw

PAGE = Path(__file__).parents[3] / "docs" / "sessions.md"
DRAWN = [case for case in CASES if case.drawn]


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.name)
def test_the_picture_is_not_stale(case: Case) -> None:
    shown = (FOLDER / f"{case.name}.svg").read_text(encoding="utf-8")
    assert shown == draw(case), "renew it with: python -m tests.proofs.sessions.pictures"


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.name)
def test_the_page_shows_and_explains_it(case: Case) -> None:
    said = f"### {case.title}\n\n{case.says}\n\n![{case.title}](images/sessions/{case.name}.svg)\n"
    assert said in PAGE.read_text(encoding="utf-8")


def test_no_other_picture_is_left() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {case.name for case in DRAWN}


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    default = Session()
    assert (default.gap_ms, default.max_length_ms, default.lateness_ms) == DEFAULT
    assert (MAX_IDS, SLACK_MS, NONSENSE_MS) == (WINDOW, SLACK, NONSENSE)
