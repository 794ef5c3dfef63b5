"""The order of the manual's pages. A page that stands in no section goes into the last one of its language."""

from collections.abc import Iterable, Sequence
from typing import Any

SECTIONS: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    (
        "English",
        (
            ("Start", ("index.md", "tour.md", "demo.md", "console.md", "glossary.md")),
            ("Shops", ("storefront.md", "clients.md", "ingest.md", "carts.md")),
            (
                "Data",
                (
                    "data-dictionary.md",
                    "sessions.md",
                    "enrichments.md",
                    "analytics.md",
                    "identity.md",
                    "tables.md",
                ),
            ),
            (
                "Operation",
                (
                    "deploy.md",
                    "operations.md",
                    "customise.md",
                    "settings.md",
                    "privacy.md",
                    "costs.md",
                    "failover.md",
                    "faults.md",
                    "disaster-recovery.md",
                    "contingency/*",
                ),
            ),
            (
                "Development",
                ("project/contributing.md", "design.md", "cookbook/*", "project/*", "decisions/*"),
            ),
            ("More", ("*",)),
        ),
    ),
    (
        "Português",
        (
            ("Início", ("pt-BR/index.md", "pt-BR/glossario.md")),
            ("Papéis", ("pt-BR/papeis/*",)),
            ("Operação", ("pt-BR/operacao.md", "pt-BR/aceite.md")),
            ("Curso", ("pt-BR/curso/README.md", "pt-BR/curso/*")),
            ("Mais", ("pt-BR/*",)),
        ),
    ),
)
"""Language, its sections, the pages of each: a name, or all that begin so."""


def nav(pages: Iterable[str]) -> list[Any]:
    """MkDocs' `nav` for these pages, each exactly once."""
    left = sorted(set(pages))
    taken = {name for _, sections in SECTIONS for _, patterns in sections for name in patterns}
    made: list[Any] = []
    for language, sections in reversed(SECTIONS):  # Portuguese first: English takes all that is left
        inner = []
        for title, patterns in sections:
            found = [page for pattern in patterns for page in _matching(pattern, left, taken)]
            found = list(dict.fromkeys(found))
            left = [page for page in left if page not in found]
            if found:
                inner.append({title: found})
        made.insert(0, {language: inner})
    return made


def _matching(pattern: str, pages: Sequence[str], named: set[str]) -> list[str]:
    if not pattern.endswith("*"):
        return [pattern] if pattern in pages else []
    begin = pattern.removesuffix("*")
    return [page for page in pages if page.startswith(begin) and (page not in named or begin)]
