"""docs/sessions.md shows every example of an end, as it is drawn today; the core tells what is drawn."""

from pathlib import Path

import pytest

from tests.proofs.closings.check import check
from tests.proofs.closings.histories_with_ticks import tick
from tests.proofs.closings.pictures import EXAMPLES, FOLDER, Example, _clock, draw, emitted_rows, history
from tests.proofs.sessions.check import Names
from tests.proofs.sessions.history import DAY

PAGE = Path(__file__).parents[3] / "docs" / "sessions.md"
examples = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


@examples
def test_the_rows_are_those_worked_out_by_hand_and_the_core_emits_them(example: Example) -> None:
    assert tuple(f"{_clock(at)} {what}" for at, what, _ in emitted_rows(example)) == example.rows
    one = history(example)
    last = one.records[-1].received_at
    check(one._replace(records=(*one.records, tick(last + 3 * DAY))), 0, Names())


@examples
def test_the_page_shows_and_explains_it(example: Example) -> None:
    shown = (FOLDER / f"{example.name}.svg").read_text(encoding="utf-8")
    assert shown == draw(example), "renew it with: python -m tests.proofs.closings.pictures"
    said = (
        f"### {example.title}\n\n{example.says}\n\n![{example.title}](images/closings/{example.name}.svg)\n"
    )
    assert said in PAGE.read_text(encoding="utf-8")
