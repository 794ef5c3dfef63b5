"""The slides build to HTML and PDF, and show nothing from elsewhere."""

import contextlib
import re
import zlib
from pathlib import Path

import pytest

from tests.storefront import engines
from website import deck


@pytest.mark.slow
def test_the_slides_build(tmp_path: Path) -> None:
    reason = engines.missing("chromium")
    if reason:
        pytest.skip(reason)
    html, pdf = deck.build(tmp_path)
    text = html.read_text(encoding="utf-8")
    slides = deck.SOURCE.read_text(encoding="utf-8").count("\n---\n")
    assert len(re.findall(r'<section id="\d+"', text)) == slides > 35
    assert _pages(pdf.read_bytes()) == slides
    for source in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert not source.startswith(("http", "//")), source
        if source.startswith("images/"):
            assert (tmp_path / source).exists(), source


def _pages(pdf: bytes) -> int:
    """How many pages the document says it has; its objects may be packed."""
    parts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(packed))
    return sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts)


def test_the_pictures_of_the_slides_are_there() -> None:
    for name in re.findall(rf"{re.escape(deck.IMAGES)}([^)]+)", deck.SOURCE.read_text(encoding="utf-8")):
        assert (deck.ROOT / "docs" / "images" / name).exists(), name
