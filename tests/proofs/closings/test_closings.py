"""Ends of sessions and carts against an observer of every record; and mistakes that it must notice."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from enrich_consumer.core import sessionize
from enrich_consumer.core.sessions import cart_events, carts, closing, rule, shard_state
from tests.proofs.closings.check import check
from tests.proofs.closings.histories_with_ticks import with_ticks
from tests.proofs.sessions.check import Names

HISTORIES = int(os.environ.get("RASTRO_CLOSINGS", "1000"))
PARTS = 4
KINDS = {
    *("gap False", "gap True", "length False", "length True", "merge True"),
    *("cart_abandoned", "cart_recovered", "cart_retracted"),
}
ENOUGH = 400


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_closings_are_those_of_the_oracle(part: int) -> None:
    """And every kind of row occurs."""
    names = Names()
    occurred: Counter[str] = Counter()
    for seed in range(part, HISTORIES, PARTS):
        try:
            occurred += check(with_ticks(seed), seed, names)
        except AssertionError as error:
            error.add_note(f"replay with: python -m tests.proofs.closings --first {seed} --count 1")
            raise
    assert not KINDS - occurred.keys()


def test_a_copy_that_comes_too_late_opens_a_session_that_was_merged_before() -> None:
    """The long run found the oracle remembering what it had announced of the absorbed session."""
    check(with_ticks(119_677), 119_677, Names())


MISTAKES: Mapping[str, tuple[ModuleType, str, str]] = {
    "the gap without grace": (closing, "rule.gap_ms + GRACE_MS", "rule.gap_ms"),
    "a deadline a step early": (closing, "return at + -at % STEP_MS < watermark", "return at < watermark"),
    "exactly at the deadline": (closing, "-at % STEP_MS < watermark", "-at % STEP_MS <= watermark"),
    "the final row a slack early": (
        closing,
        "_passed(visitor.last_arrival + rule.retention_ms + SLACK_MS, watermark)",
        "_passed(visitor.last_arrival + rule.retention_ms, watermark)",
    ),
    "announced again and again": (closing, "session.is_announced = True", "pass"),
    "a cart that is never forgotten": (closing, "visitor.cart = None", "pass"),
    "a cart checked once for all": (closing, "cart.checked != cart.revision else", "cart.checked == 0 else"),
    "a deadline that is forgotten": (closing, "if not first or at < first:", "if not first:"),
    "a record of its own ends nothing": (sessionize, "ends.session_ends.extend(finals(", "list(finals("),
    "an absorbed session is not taken back": (
        sessionize,
        "for merge in assignment.merges\n            )",
        "for merge in ()\n            )",
    ),
    "the cart of the event before": (
        sessionize,
        "facts.cart = None if cart is None else",
        "facts.cart = facts.cart or",
    ),
    "a visitor that refused is announced": (cart_events, "if cart.is_bot or cart.refuses:", "if cart.is_bot:"),
    "an older answer counts": (cart_events, "if seen.at >= cart.last_at:", "if True:"),
    "a late purchase recovers": (cart_events, "seen.at <= cart.abandoned_at", "seen.at < 0"),
    "an earlier purchase empties": (cart_events, "is_over = seen.at >= cart.started_at", "is_over = True"),
    "silence from the newest event": (
        closing,
        "at = cart.last_arrival + rule.cart_silence_ms",
        "at = cart.last_at + rule.cart_silence_ms",
    ),
    "an old snapshot replaces": (carts, " and change.at >= self.changed_at", ""),
    "an old change after a snapshot counts": (
        carts,
        "elif change.items and change.at >= self.set_at:",
        "elif change.items:",
    ),
    "every change is a revision": (carts, "if self.lines != before:", "if True:"),
    "removing takes all": (carts, "if line_before.quantity > quantity:", "if False:"),
    "an earlier deadline is not noted": (shard_state, "due < visitor.due", "False"),
    "a late copy has the name of what is over": (rule, "received_at if late else None", "None"),
    "what is only looked at is saved no more": (
        shard_state,
        "self.saved[key] = with_due(self.saved[key], next_due)",
        "pass",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_noticed(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, right, wrong = MISTAKES[mistake]
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert right in source, f"{module.__name__} no longer says {right!r}: say here how it would be wrong now"
    mutated = ModuleType(module.__name__)
    exec(source.replace(right, wrong), mutated.__dict__)
    for name, value in vars(mutated).items():
        if callable(value) and getattr(value, "__module__", None) == module.__name__:
            _replace_everywhere(monkeypatch, module, name, value)
    with pytest.raises((AssertionError, KeyError)):
        _check_many()


def _replace_everywhere(patch: pytest.MonkeyPatch, module: ModuleType, name: str, value: object) -> None:
    original = vars(module).get(name)
    for user in _USERS:
        if vars(user).get(name) is original and original is not None:
            patch.setattr(user, name, value)


def _users() -> list[ModuleType]:
    import sys

    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("enrich_consumer.", "tests.proofs."))
    ]


_USERS = _users()


def _check_many() -> None:
    names = Names()
    for seed in range(ENOUGH):
        check(with_ticks(seed), seed, names)
