"""Reads the class of a device from its User-Agent."""

import re

import re2
from ua_parser import PartialResult

from enrich_consumer.core.parsing.crawlers import is_of_people
from enrich_consumer.core.tables.tablet_models import TABLET_MODELS

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
_QUICK = re2.Set.SearchSet()
"""One look for all of the words; RE2 has no look-ahead, so it may find a little more."""
for _, _pattern in _WORDS:
    _QUICK.Add(_pattern.pattern.replace("(?!.*mobile)", ""))
_QUICK.Compile()
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
    for index in sorted(_QUICK.Match(text) or ()):
        name, words = _WORDS[index]
        if words.search(text):
            return name
    system = found.os.family if found.os else ""
    if "macintosh" in text and _IOS_BROWSER.search(text):
        return "tablet"  # an iPad that asks for the desktop's pages; iPhones say iPhone
    model = found.device.model if found.device and found.device.model else ""
    if "android" in text and "mobile" not in text and text.startswith("mozilla/5.0 (linux; "):
        # Google's advice to makers of browsers: phones say Mobile, tablets do not. Nor do boxes.
        return "tv" if _BOX.search(model) else "tablet"
    if "mobi" in text or "iphone" in text or "ipod" in text or system in _PHONES or _OLD_PHONE.search(text):
        return "tablet" if is_tablet(model) else "mobile"
    return "desktop" if system in _DESKTOPS or _COMPUTER.search(text) else "other"


def is_tablet(model: str) -> bool:
    """Whether the model of an Android device is a tablet, by its name or by the table."""
    return _TABLET.search(model) is not None or model.lower() in TABLET_MODELS


_IOS_BROWSER = re.compile(r"crios/|fxios/|edgios/|opios/|\bgsa/|duckduckgo/7|brave/1|yabrowser/.*mobile/")
_TABLET = re.compile(
    r"\btab(?!an\b)|tab\b|tab[ _-]?\d|tablet|(?<!cool)(?<!tech)(?<!tech )(?<!p)pad[ _-]?\d"
    r"|(?<!touch)(?<!gam)(?<!tech )pad\b|slate\b|mediapad|matepad",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"(?:\b|_)(?:smart)?tv(?:\b|_)|tv\d?\b|box(?:\b|_|\d)|(?:\b|_)stick|\bott\b|_ott_|(?:\b|_)(?:x96|h96|t95|mecool|mxq|a95x|tanix"
    r"|beelink)",
    re.IGNORECASE,
)
_OLD_PHONE = re.compile(r"; adr |midp|j2me|symbian|series60|blackberry|maui |\bmre/|^nokia|^\[?fban/")
"""Phones of before, UC Browser's name for Android, and Facebook's app where it sends no browser's agent."""
_COMPUTER = re.compile(
    r"mac ?os[ /x]|macbook|\bimac|win64|win32|\bwindows\b|cygwin|x11;|linux (?:x86_64|i686)"
    r"|darwin/.*(?:x86_64|i386|macintosh)"
)
