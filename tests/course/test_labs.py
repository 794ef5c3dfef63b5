"""The course, done as its pages say, on one stack: the text is the test. The pictures of the pages come from here too.

`RASTRO_PICTURES=1` writes them into docs/images/curso/.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rastro.course.checks import CHECKS
from tests.course import labs, pictures
from tests.storefront import engines

pytestmark = [pytest.mark.slow, pytest.mark.kcl, pytest.mark.emulator]
LEVEL = 9
"""Pictures are taken behind this lab: then there is something to see."""


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout of one's own; what runs in it ends with the test."""
    reason = engines.missing("chromium")
    if reason:
        pytest.skip(reason)
    folder = labs.checkout(tmp_path_factory.mktemp("curso"))
    yield folder
    subprocess.run(
        ["rastro", "down"], cwd=folder, env=labs.environment(folder), check=False, capture_output=True
    )


@pytest.mark.parametrize("page", labs.LABS, ids=lambda page: page.stem)
def test_a_lab_does_what_its_page_says(student: Path, page: Path) -> None:
    shell = labs.Shell(student, labs.environment(student))
    try:
        labs.run(page, shell)
    finally:
        shell.close()
    if page.name.startswith(f"{LEVEL:02}"):
        folder = labs.ROOT / "docs" / "images" / "curso"
        made = pictures.take(student, folder if "RASTRO_PICTURES" in os.environ else student / "pictures")
        assert all(path.stat().st_size > 10_000 for path in made)


def test_every_lab_has_its_check_and_its_parts() -> None:
    assert [int(page.name[:2]) for page in labs.LABS] == sorted(CHECKS) == list(range(1, 11))
    for page in labs.LABS:
        text = page.read_text(encoding="utf-8")
        number = int(page.name[:2])
        assert f"rastro curso verificar {number}" in text
        for part in (
            "**Objetivo.**",
            "**Tempo.**",
            "## E se a saída for outra?",
            "## Três perguntas",
            "Respostas",
        ):
            assert part in text, (page.name, part)
        questions, _, answers = text.partition("## Três perguntas")[2].partition('??? note "Respostas"')
        assert questions.count("\n3. ") == answers.count("    3. ") == 1, page.name
