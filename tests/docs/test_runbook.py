"""The runbook in both languages comes from one source, and neither goes stale."""

import re

import pytest

from infra.stacks.monitoring import runbook

HINT = "run: python -m infra.stacks.monitoring.runbook"


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_pages_are_fresh(language: str) -> None:
    text = runbook.PAGES[language].read_text(encoding="utf-8")
    assert text == runbook.page(language, text), HINT


@pytest.mark.parametrize(
    "section", [part for group in runbook.read() for part in group.sections], ids=lambda s: s.name
)
def test_portuguese_says_what_english_says(section: runbook.Section) -> None:
    assert runbook.stale(section) is None


def test_a_changed_english_text_makes_the_portuguese_one_stale() -> None:
    section = runbook.read()[0].sections[0]
    assert "bring it up to date" in str(
        runbook.stale(section._replace(en=section.en + " And call somebody."))
    )
    assert runbook.stale(section._replace(en=section.en.replace("\n", " "))) is None


def test_a_setting_that_only_english_names_is_found() -> None:
    section = runbook.read()[0].sections[0]
    changed = section.en + " Raise `ingest.memory_mb`."
    assert "lacks `ingest.memory_mb`" in str(
        runbook.stale(section._replace(en=changed, of=runbook.digest(changed)))
    )


def test_links_between_sections_lead_to_sections() -> None:
    names = {section.name for group in runbook.read() for section in group.sections}
    for language in ("en", "pt"):
        used = set(re.findall(r"\]\(#([a-z0-9-]+)\)", runbook.text(language)))
        assert used <= names


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold"):
        runbook.page("en", "# Operations\n")
