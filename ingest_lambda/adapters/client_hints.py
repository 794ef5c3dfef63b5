"""Client hints that clients send in their payload, written as the headers of RFC 9651 that browsers send."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from ingest_lambda.adapters.fields import text


def of_user_agent_data(data: Any) -> dict[str, str]:
    """`navigator.userAgentData` and its high-entropy values as JSON (Segment, RudderStack, Snowplow)."""
    if not isinstance(data, dict):
        return {}
    full = data.get("fullVersionList")
    found = {
        "sec_ch_ua": _brands(_pairs(data.get("brands"))),
        "sec_ch_ua_full_version_list": _brands(_pairs(full)),
        "sec_ch_ua_mobile": _boolean(data.get("mobile", data.get("isMobile"))),
        "sec_ch_ua_platform": _quoted(data.get("platform")),
        "sec_ch_ua_platform_version": _quoted(data.get("platformVersion")),
        "sec_ch_ua_model": _quoted(data.get("model")),
    }
    return {name: value for name, value in found.items() if value}


def of_google(hit: dict[str, Any]) -> dict[str, str]:
    """Gtag's `uafvl`, `uamb`, `uam`, `uap`, `uapv`, taken out of `hit`.

    `uafvl` is `Brand;1.2.3|Brand;4.5.6`, each part percent-encoded; ga4mp encodes the whole once more.
    """
    versions = text(hit.pop("uafvl", None)) or ""
    if ";" not in versions:
        versions = unquote(versions)
    pairs = [tuple(unquote(part) for part in brand.split(";", 1)) for brand in versions.split("|")]
    full = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]
    model = text(hit.pop("uam", None))
    found = {
        "sec_ch_ua_full_version_list": _brands(full),
        "sec_ch_ua": _brands((brand, version.partition(".")[0]) for brand, version in full),
        "sec_ch_ua_mobile": _boolean({"1": True, "0": False}.get(str(hit.pop("uamb", None)))),
        "sec_ch_ua_platform": _quoted(hit.pop("uap", None)),
        "sec_ch_ua_platform_version": _quoted(hit.pop("uapv", None)),
        "sec_ch_ua_model": _quoted(None if model == "0" else model),  # ga4mp writes 0 for none
    }
    return {name: value for name, value in found.items() if value}


def _pairs(brands: Any) -> list[tuple[str, str]]:
    if not isinstance(brands, list):
        return []
    return [
        (brand["brand"], brand["version"])
        for brand in brands[:16]
        if isinstance(brand, dict)
        if isinstance(brand.get("brand"), str)
        if isinstance(brand.get("version"), str)
    ]


def _brands(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{_quoted(brand)};v={_quoted(version)}" for brand, version in pairs)


def _quoted(value: Any) -> str:
    plain = text(value)
    if plain is None:
        return ""
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _boolean(value: Any) -> str:
    return {True: "?1", False: "?0"}[value] if isinstance(value, bool) else ""
