"""What MkDocs does beyond its settings: pages from outside of docs/, links, the language of a page, llms.txt.

MkDocs calls each function at the moment that its name says.
"""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from website import links, llms, nav  # noqa: E402 - MkDocs loads this file by its path

_SHIM = "assets/iframe-worker.js"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the project's own pages and the sources that pages link to; order the pages."""
    for source, site_path in links.PROJECT.items():
        if (ROOT / source).exists():
            files.append(
                File.generated(config, site_path, content=(ROOT / source).read_text(encoding="utf-8"))
            )
    shim = (ROOT / "website" / _SHIM).read_text(encoding="utf-8")
    files.append(File.generated(config, _SHIM, content=shim))
    wanted: set[str] = set()
    for file in files.documentation_pages():
        wanted |= links.rewrite(file.content_string, file.src_uri, ROOT)[1]
    for source in sorted(wanted):
        content = links.content_of(ROOT / source)
        files.append(File.generated(config, links.site_path_of(source), content=content))
    config.nav = nav.nav(file.src_uri for file in files.documentation_pages())
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the repository's links into links of the site."""
    return links.rewrite(markdown, page.file.src_uri, ROOT)[0]


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Any) -> dict[str, Any]:
    """Name the page's own language: for readers' programs, hyphens, and the words around the text."""
    config.theme["language"] = "pt-BR" if page.file.src_uri.startswith("pt-BR/") else "en"
    return context


def on_post_build(config: MkDocsConfig) -> None:
    """Write llms.txt, and each page's Markdown beside it. The page 404 is a server's, and this site needs none."""
    (Path(config.site_dir) / "404.html").unlink(missing_ok=True)
    llms.write(Path(config.docs_dir), Path(config.site_dir), ROOT)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Nothing from elsewhere, and the language in full.

    Material's `offline` fetches the shim that makes search work from the file system; the site has its own copy. Only a
    site with a home has canonical URLs.
    """
    depth = page.file.dest_uri.count("/")
    output = output.replace("https://unpkg.com/iframe-worker/shim", f"{'../' * depth}{_SHIM}")
    if config.theme["language"] == "pt-BR":
        output = output.replace('<html lang="pt"', '<html lang="pt-BR"', 1)
    return re.sub(r'<link rel="canonical"[^>]*>', "", output)
