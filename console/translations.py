"""The console's words in both languages. A word that is missing stands in English."""

import json
from pathlib import Path

PT: dict[str, str] = json.loads(Path(__file__).with_name("translations.pt.json").read_text(encoding="utf-8"))


def translate(text: str, language: str) -> str:
    """The text in `language` (pt or en)."""
    return PT.get(text, text) if language == "pt" else text


def language_of(accept_language: str | None, chosen: str | None) -> str:
    """Pt or en: what was chosen, else what the browser prefers."""
    if chosen in {"pt", "en"}:
        return chosen
    first = (accept_language or "").split(",", 1)[0].strip().lower()
    return "pt" if first.startswith("pt") else "en"
