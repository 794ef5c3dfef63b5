"""Texts that would run if a page took them for markup, and proof that they would."""

from typing import Any

MARK = "document.documentElement.dataset.ran=1"
CORPUS = (
    f"<script>{MARK}</script>",
    f"<img src=x onerror={MARK}>",
    f'"><svg onload={MARK}>',
    f"'><body onload={MARK}>",
    f"</title></textarea></pre></script><script>{MARK}</script>",
    f"<iframe srcdoc='<script>parent.{MARK}</script>'></iframe>",
    f"<details open ontoggle={MARK}>",
    f"<a href=javascript:{MARK} id=x>x</a>",
    f"javascript:{MARK}",
    f'" autofocus onfocus={MARK} x="',
    f"' onmouseover='{MARK}",
    f"{{{{ {MARK} }}}}{{% raw %}}${{{MARK}}}",
    f"<math><mi xlink:href=javascript:{MARK}>",
    f"<style>@import 'javascript:{MARK}'</style>",
    f"\N{LINE SEPARATOR}</script><script>{MARK}//",
    f"<<SCRIPT>{MARK}//<</SCRIPT>",
    f"<input onfocus={MARK} autofocus>",
    f"&lt;script&gt;{MARK}&lt;/script&gt;",
    f"%3Cscript%3E{MARK}%3C/script%3E",
    f"\x00<script>{MARK}</script>\u202e",
)


def poison(rows: list[dict[str, Any]], keep: frozenset[str]) -> None:
    """Every text of the rows but for the columns to keep, one of the corpus after the other."""
    number = 0
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and name not in keep:
                row[name] = CORPUS[number % len(CORPUS)]
                number += 1
