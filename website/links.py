"""Links as the repository has them, turned into links of the site: a page of docs/ links to files all over it."""

import os
import re
from pathlib import Path, PurePosixPath

PROJECT = {
    "README.md": "index.md",
    "README.pt-BR.md": "pt-BR/index.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/benchmarks.md",
}
"""Pages outside of docs/, and their names in the site."""

_LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)(?P<path>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?=\))")
FENCED = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)


def site_path_of(path: str) -> str:
    """A file of the repository, by its path in the site: a page, a file of docs/, or a copy of a source."""
    if path in PROJECT:
        return PROJECT[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"source/{path}.txt"


def source_of(page: str) -> str:
    """The file of the repository that a page of the site is made of."""
    return next((source for source, site_path in PROJECT.items() if site_path == page), f"docs/{page}")


def rewrite(text: str, page: str, root: Path) -> tuple[str, set[str]]:
    """The text with links of the site, and the sources outside of docs/ that it links to.

    A link to a folder leads to its README.md if there is one, else to a list of its files. What does not exist is left
    as it is: MkDocs names it.
    """
    here = PurePosixPath(source_of(page)).parent
    sources: set[str] = set()

    def site_link(match: re.Match[str]) -> str:
        path = os.path.normpath(here / match["path"])
        if path.startswith("..") or not (root / path).exists():
            return match[0]
        if (root / path).is_dir() and (root / path / "README.md").exists():
            path = f"{path}/README.md"
        site_path = site_path_of(path)
        if site_path.startswith("source/"):
            sources.add(path)
        return os.path.relpath(site_path, PurePosixPath(page).parent) + (match["anchor"] or "")

    parts, end = [], 0
    for fenced in FENCED.finditer(text):
        parts += [_LINK.sub(site_link, text[end : fenced.start()]), fenced[0]]
        end = fenced.end()
    return "".join([*parts, _LINK.sub(site_link, text[end:])]), sources


def content_of(path: Path) -> str:
    """A source as text; of a folder the names of its files."""
    if path.is_dir():
        return (
            "\n".join(sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("__")))
            + "\n"
        )
    return path.read_text(encoding="utf-8")
