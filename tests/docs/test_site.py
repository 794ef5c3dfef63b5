"""The manual as a site: it builds, every link and anchor leads somewhere, and it asks nobody for anything."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from website import links, llms, nav

ROOT = Path(__file__).parents[2]
FETCHED = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("link", "href"),
    ("video", "src"),
}
"""What a browser fetches by itself: a link that a reader clicks is none."""


class _Fetches(HTMLParser):
    """Addresses that a browser fetches when it opens the page, and the page's language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.lang: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.lang = named.get("lang") if tag == "html" else self.lang
        if tag == "link" and named.get("rel") in {"prev", "next", "alternate"}:
            return
        self.found += [value for name, value in attrs if value and (tag, name) in FETCHED]


def build(target: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "-f",
            "website/mkdocs.yml",
            "-d",
            target,
            *options,
        ],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    done = build(target)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Documentation built" in done.stderr, "a quiet MkDocs counts no warnings, and strict means nothing"
    return target


def test_every_link_leads_somewhere(site: Path) -> None:
    assert (site / "pt-BR" / "operacao.html").exists()
    assert (site / "source" / "schemas" / "sites.schema.json.txt").exists()  # settings.md links to it


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        parser = _Fetches()
        parser.feed(page.read_text(encoding="utf-8"))
        outside = [url for url in parser.found if re.match(r"(?:[a-z]+:)?//", url)]
        assert not outside, (page.name, outside)
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8"))


def test_a_page_says_its_language(site: Path) -> None:
    for name, language in {
        "index.html": "en",
        "pt-BR/index.html": "pt-BR",
        "pt-BR/operacao.html": "pt-BR",
    }.items():
        parser = _Fetches()
        parser.feed((site / name).read_text(encoding="utf-8"))
        assert parser.lang == language, name


def test_search_finds_both_languages_without_a_server(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert "portabilidade" in index
    assert "The glossary" in index or "Glossary" in index


def test_llms_txt_names_every_page_and_each_is_there(site: Path) -> None:
    text = (site / "llms.txt").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^)]+\.md)\)", text)
    assert len(named) == len(set(named))
    assert all((site / name).exists() for name in named)
    made = {page.relative_to(site).as_posix().removesuffix(".html") + ".md" for page in site.rglob("*.html")}
    assert made == {re.sub(r"(?<=/)README\.md$", "index.md", name) for name in named}


def test_links_of_the_repository_become_links_of_the_site(tmp_path: Path) -> None:
    for name in ("docs/a.md", "docs/pt-BR/b.md", "infra/x.toml", "CONTRIBUTING.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text\n", encoding="utf-8")
    text = (
        "[a](../a.md#top) [x](../../infra/x.toml) [c](../../CONTRIBUTING.md) [no](../no.md)\n"
        "```\n[a](../a.md)\n```\n"
    )
    made, sources = links.rewrite(text, "pt-BR/b.md", tmp_path)
    assert made == (
        "[a](../a.md#top) [x](../source/infra/x.toml.txt) [c](../project/contributing.md) [no](../no.md)\n"
        "```\n[a](../a.md)\n```\n"
    )
    assert sources == {"infra/x.toml"}


def test_every_page_has_one_place() -> None:
    pages = [
        "index.md",
        "tour.md",
        "new.md",
        "pt-BR/index.md",
        "pt-BR/curso/README.md",
        "pt-BR/curso/01-a.md",
    ]
    made = nav.nav(pages)
    assert sorted(_leaves(made)) == sorted(pages)
    assert made[0]["English"][-1] == {"More": ["new.md"]}


def _leaves(tree: object) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [leaf for child in children for leaf in _leaves(child)]


def test_the_summary_is_the_first_sentence() -> None:
    assert llms.summary("# A\n\n```\nx\n```\n\nIt is [so](b.md), `c` *d*. More.") == "It is so, c d."
