"""The decisions' pages have one form, and their index is fresh."""

from pathlib import Path

import pytest

from tests.docs import decisions


def test_the_index_is_fresh():
    hint = "run: python -m tests.docs.decisions"
    assert decisions.INDEX.read_text(encoding="utf-8") == decisions.index(), hint


def test_a_page_without_a_status_is_refused(tmp_path: Path):
    page = tmp_path / "0099-something.md"
    page.write_text("# 0099 · Something\n\nText.\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"0099-something.md must begin: # NNNN"):
        decisions.read(page)
