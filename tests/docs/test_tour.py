"""The tour is what the code does, and names files that exist."""

import re

from tests.docs import tour


def test_the_tour_is_fresh():
    assert tour.PAGE.read_text(encoding="utf-8") == tour.page(), "run: python -m tests.docs.tour"


def test_every_file_it_names_exists():
    root = tour.PAGE.parents[1]
    text = tour.PAGE.read_text(encoding="utf-8")
    named = {name.partition(":")[0] for name in re.findall(r"`((?:[a-z_]+/)+[a-z_.]+(?::\w+)?)`", text)}
    named -= {name for name in named if name.startswith("enriched/")}
    assert len(named) >= 12
    for name in named:
        paths = (root / name, root / "enrich_consumer" / name)
        assert any(path.exists() for path in paths), name
