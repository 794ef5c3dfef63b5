"""llms.txt (https://llmstxt.org): the manual's contents for programs that read text, with every page as Markdown."""

import re
from pathlib import Path

from website import links, nav

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_HEAD = """# Rastro

> A clickstream pipeline that an online shop runs in its own AWS account: Lambda behind API Gateway, Kinesis, a KCL
> consumer on ECS that enriches events and makes exact sessions on the server, Firehose, Parquet on S3, Athena and
> QuickSight.

The links lead to the pages as Markdown. The pages under pt-BR are in Portuguese.
"""


def pages(docs: Path, root: Path) -> dict[str, str]:
    """Each page's path in the site, and its text."""
    found = {
        page.relative_to(docs).as_posix(): page.read_text(encoding="utf-8") for page in docs.rglob("*.md")
    }
    for source, site_path in links.PROJECT.items():
        if (root / source).exists():
            found[site_path] = (root / source).read_text(encoding="utf-8")
    return found


def summary(text: str) -> str:
    """The first sentence of a page's first paragraph, without its marks."""
    for paragraph in re.split(r"\n\s*\n", links.FENCED.sub("", text)):
        if re.match(r"[A-ZÀ-Ú`*\[]", paragraph):
            plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(paragraph.split()))
            plain = re.sub(r"[*`]", "", plain)
            return re.split(r"(?<=[.!?:]) ", plain)[0].rstrip(":")
    return ""


def text(found: dict[str, str]) -> str:
    """The file itself."""
    lines = [_HEAD]
    for language in nav.nav(found):
        for name, sections in language.items():
            for section in sections:
                for title, site_paths in section.items():
                    lines.append(f"## {name}: {title}\n")
                    lines += [_line(site_path, found[site_path]) for site_path in site_paths]
                    lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _line(site_path: str, page: str) -> str:
    title = _TITLE.search(page)
    said = summary(page)
    return f"- [{title[1] if title else site_path}]({site_path})" + (f": {said}" if said else "")


def write(docs: Path, site: Path, root: Path) -> None:
    """llms.txt and the Markdown of every page, with links that lead inside the site."""
    found = pages(docs, root)
    (site / "llms.txt").write_text(text(found), encoding="utf-8")
    for site_path, page in found.items():
        target = site / site_path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(links.rewrite(page, site_path, root)[0], encoding="utf-8")
