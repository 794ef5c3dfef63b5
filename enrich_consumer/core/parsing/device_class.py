"""The class of a device from what its User-Agent says."""

import re

from ua_parser import PartialResult

from enrich_consumer.core.parsing.crawlers import is_of_people

CLASSES = ("desktop", "mobile", "tablet", "tv", "console", "wearable", "bot", "other")

_WORDS = (
    ("console", re.compile(r"playstation|xbox|nintendo|steamdeck")),
    ("wearable", re.compile(r"watch ?os|apple ?watch|wear os|\bwatch\b|sm-r[0-9]{3}|oculusbrowser|quest ")),
    (
        "tv",
        re.compile(
            r"smart-?tv|hbbtv|apple ?tv|google ?tv|android ?tv|bravia|roku|\baft[a-z0-9]{1,6}\b|crkey|web0s"
            r"|webos"
            r"|netcast|viera|vidaa|tizen[ /0-9.]+tv|\btv\b|aquos|mibox|chromecast|dtv|philipstv"
        ),
    ),
    (
        "tablet",
        re.compile(
            r"ipad|tablet|kindle|silk(?!.*mobile)|playbook|nexus (?:7|9|10)|xoom|\bgt-p[0-9]"
            r"|\bsm-[tx][0-9]{3}"
            r"|\bkf[a-z]{3,5}\b|touchpad|lenovo (?:tb|yoga)|\btb-?[0-9x]|mediapad"
        ),
    ),
)
_PHONES = frozenset(
    {
        "iOS",
        "Android",
        "Windows Phone",
        "KaiOS",
        "BlackBerry OS",
        "Symbian OS",
        "Firefox OS",
        "Bada",
        "HarmonyOS",
    }
)
_DESKTOPS = frozenset(
    {
        "Windows",
        "Mac OS X",
        "Mac OS",
        "Linux",
        "Ubuntu",
        "Chrome OS",
        "Fedora",
        "Debian",
        "FreeBSD",
        "OpenBSD",
        "NetBSD",
        "Solaris",
        "Red Hat",
        "SUSE",
        "CentOS",
        "Arch Linux",
        "Gentoo",
        "Mandriva",
        "Linux Mint",
    }
)


def class_of(agent: str, found: PartialResult) -> str:
    """One of CLASSES."""
    text = agent.lower()
    if found.device and found.device.family == "Spider" and not is_of_people("Spider", agent):
        return "bot"
    for name, words in _WORDS:
        if words.search(text):
            return name
    system = found.os.family if found.os else ""
    if "android" in text and "mobile" not in text and text.startswith("mozilla/5.0 (linux; "):
        return "tablet"  # Google's advice to makers of browsers: phones say Mobile, tablets do not
    if "mobi" in text or "iphone" in text or "ipod" in text or system in _PHONES:
        return "mobile"
    return "desktop" if system in _DESKTOPS else "other"
