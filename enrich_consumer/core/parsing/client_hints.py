"""What a browser says of itself in the Sec-CH-UA headers (W3C User-Agent Client Hints)."""

import re
from typing import NamedTuple

from enrich_consumer.core.engine import context

LONGEST = 512

_BRAND = re.compile(r'"([^"]{1,64})";\s*v="([^"]{1,32})"')
_NAMES = {
    "Google Chrome": "Chrome",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Opera GX": "Opera",
    "Brave": "Brave",
    "YaBrowser": "Yandex Browser",
    "Yandex": "Yandex Browser",
    "Samsung Internet": "Samsung Internet",
    "Vivaldi": "Vivaldi",
    "HuaweiBrowser": "Huawei Browser",
    "Android WebView": "Chrome Mobile WebView",
    "HeadlessChrome": "HeadlessChrome",
    "DuckDuckGo": "DuckDuckGo Mobile",
    "Chromium": "Chromium",
}
_PLATFORMS = {"macOS": "Mac OS X", "Chrome OS": "Chrome OS", "Chromium OS": "Chrome OS"}


class Hints(NamedTuple):
    """What the hints say; None for an absent one. `mobile`: None, True or False."""

    browser: str | None = None
    version: str | None = None
    system: str | None = None
    system_version: str | None = None
    mobile: bool | None = None
    model: str | None = None


def read(texts: context.Hints) -> Hints:
    """Understand the headers; what cannot be understood counts as absent."""
    brands, full, mobile, platform, platform_version, model = (text and text[:LONGEST] for text in texts)
    browser, version = _brand(full or brands)
    system = _text(platform)
    if system in {"", "Unknown"}:
        system = None
    return Hints(
        browser,
        version,
        _PLATFORMS.get(system, system) if system else None,
        _system_version(system, _text(platform_version)),
        {"?1": True, "?0": False}.get(mobile or ""),
        _text(model) or None,
    )


def _text(quoted: str | None) -> str | None:
    return quoted.strip().strip('"') if quoted else None


def _brand(text: str | None) -> tuple[str | None, str | None]:
    """The most telling brand: a known product before Chromium, never the made-up one (`Not A;Brand`)."""
    found = [(brand, version) for brand, version in _BRAND.findall(text or "") if brand in _NAMES]
    if not found:
        return None, None
    brand, version = next((one for one in found if one[0] != "Chromium"), found[0])
    return _NAMES[brand], version


_OLD_WINDOWS = {"0.1": "7", "0.2": "8", "0.3": "8.1"}


def _system_version(system: str | None, text: str | None) -> str | None:
    if not text:
        return None
    if system == "Windows":  # the numbers are those of an API contract: Microsoft's table of client hints
        major = text.partition(".")[0]
        if not major.isdigit():
            return None
        if int(major):
            return "11" if int(major) >= 13 else "10"
        return _OLD_WINDOWS.get(".".join(text.split(".")[:2]))
    return text.removesuffix(".0").removesuffix(".0") or None
