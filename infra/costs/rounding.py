"""What is billed in whole units: the expected size of records after rounding up, not the rounded size of the mean one.

Records of 900 and of 1,500 bytes are one kilobyte and two; their mean of 1,200 would be two each. Sizes are taken as
normal; of one event that is good enough, because units are wide.
"""

import math
from collections.abc import Iterator
from statistics import NormalDist

_STEPS = 128


def rounded(mean: float, spread: float, unit: float) -> float:
    """Expected bytes of a record after rounding up to `unit`; `spread`: standard deviation."""
    if spread <= 0:
        return math.ceil(mean / unit) * unit
    sizes = NormalDist(mean, spread)
    total = sum(
        math.ceil(max(1.0, sizes.inv_cdf((step + 0.5) / _STEPS)) / unit) * unit for step in range(_STEPS)
    )
    return total / _STEPS


def shared(rate: float, buckets: float) -> Iterator[tuple[int, float]]:
    """(requests in one bucket, how many buckets hold so many), of `rate` requests that fall into any (Poisson)."""
    each = rate / buckets
    share = math.exp(-each)
    number = 0
    left = 1.0 - share
    while left > 1e-6 and number < 1000:
        number += 1
        share *= each / number
        left -= share
        yield number, buckets * share
