"""A cache that forgets what was not used lately, and keeps only what its caller wants kept."""

import pytest

from enrich_consumer.core.engine.bounded_cache import BoundedCache


def one_each(_: int, __: str) -> int:
    return 1


class Counting:
    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, key: int) -> str:
        self.asked.append(key)
        return f"answer {key}"


def test_an_answer_is_computed_once() -> None:
    cache, compute = BoundedCache[int, str](100, one_each), Counting()
    assert [cache.get_or_compute(7, compute) for _ in range(3)] == ["answer 7"] * 3
    assert compute.asked == [7]
    assert cache.info()[:2] == (2, 1)


@pytest.mark.parametrize("weight", [0, 51])
def test_what_weighs_nothing_or_too_much_is_computed_again(weight: int) -> None:
    cache, compute = BoundedCache[int, str](100, lambda _, __: weight), Counting()
    for _ in range(2):
        assert cache.get_or_compute(7, compute) == "answer 7"
    assert compute.asked == [7, 7]
    assert cache.info().currsize == 0


def test_its_bytes_are_bounded_whatever_an_answer_weighs() -> None:
    cache, compute = BoundedCache[int, str](100, lambda key, _: key % 40 + 1), Counting()
    for key in range(1_000):
        cache.get_or_compute(key, compute)
        assert 0 < cache.info().bytes <= cache.info().max_bytes == 100
    cache.clear()
    assert cache.info()[3:] == (0, 100, 0)


def test_its_size_is_bounded_and_what_is_used_stays() -> None:
    cache, compute = BoundedCache[int, str](100, one_each), Counting()
    for key in range(1, 1_000):
        cache.get_or_compute(0, compute)
        cache.get_or_compute(key, compute)
        assert cache.info().currsize <= 100
    assert compute.asked.count(0) == 1
    assert len(compute.asked) == 1_000


def test_a_failure_is_raised_and_not_kept() -> None:
    cache = BoundedCache[int, str](100, one_each)

    def fail(_: int) -> str:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            cache.get_or_compute(7, fail)
    assert cache.info().currsize == 0
