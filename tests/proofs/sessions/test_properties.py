"""The stream against both oracles, over thousands of histories."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proofs.sessions import stream
from tests.proofs.sessions.cases import CASES, Case, history
from tests.proofs.sessions.check import Names, check
from tests.proofs.sessions.classes import Class, classes
from tests.proofs.sessions.histories import event_ids, histories, many, seeded
from tests.proofs.sessions.history import History, Record, Rule

HISTORIES = int(os.environ.get("RASTRO_HISTORIES", "2000"))
DRAWN = 500
"""Enough to notice 21 of the 22 mistakes of test_mutations; the seeded ones, a quarter as dear, notice all."""
NAMES = Names()


@pytest.mark.timeout(7200)
@settings(max_examples=max(DRAWN, HISTORIES // 10), deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.integers(0, 2**32))
def test_drawn_histories(one: History, cuts: int) -> None:
    check(one, cuts, NAMES)


@pytest.mark.timeout(7200)
def test_seeded_histories() -> None:
    """And everything that has a name occurred in the first of them."""
    occurs: Counter[Class] = Counter()
    for seed, one in many(HISTORIES):
        try:
            check(one, seed, NAMES)
        except AssertionError as error:
            error.add_note(f"replay with: python -m tests.proofs.sessions --first {seed} --count 1")
            raise
        if seed < 2_000:
            occurs.update(classes(one))
    assert {name: occurs[name] for name in Class if occurs[name] < 5} == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_examples(case: Case) -> None:
    check(history(case), 0, NAMES)


@pytest.mark.parametrize(("others", "taken"), [(255, False), (256, True), (257, True)])
@pytest.mark.parametrize("copy_between", [False, True])
def test_the_window_is_256_ids_and_a_copy_does_not_renew_it(
    others: int, taken: bool, copy_between: bool
) -> None:
    new = event_ids()
    ask = next(new)
    rest = [next(new) for _ in range(others)]
    groups = [[ask], rest[:100], [ask] * copy_between, rest[100:], [ask]]
    now = 1_795_296_000_000
    records = tuple(
        Record("loja", "ana", now, None, tuple((name, now) for name in names)) for names in groups if names
    )
    one = History({"loja": Rule(1_800_000, 86_400_000, 3_600_000)}, records)
    check(one, 0, NAMES)
    assert len(stream.run(one)) == 1 + others + taken


def test_another_process_gives_the_same_bytes() -> None:
    """Python's own hashes differ from process to process; nothing of ours may depend on them."""
    program = "from tests.proofs.sessions.test_properties import digest; print(digest(range(200)))"
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert said == {digest(range(200))}


def digest(seeds: Iterable[int]) -> str:
    """All the bytes of these histories, in short."""
    whole = sha256()
    for seed in seeds:
        for line in stream.run(seeded(seed)):
            whole.update(line)
    return whole.hexdigest()
