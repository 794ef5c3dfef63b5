"""Replaces personal data in texts: e-mail addresses, card numbers, CPF, CNPJ, phone numbers.

One look decides for most texts that there is nothing to do: is there an `@`, nine digits in a row but for separators,
or the shape of a CNPJ? Only then the text is decoded and the numbers checked.
"""

import re

import re2

from enrich_consumer.core.parsing.identity_numbers import spans_of
from enrich_consumer.core.parsing.percent_decoding import Span, decode

EMAIL = "[email]"

_GAP = r"(?:[ .\-()/+\t]|\xc2?\xa0|%(?:25)*(?:20|2[BbDdEeFf89]|[Cc]2%(?:25)*[Aa]0))"
"""What stands between the digits of a number, escaped or not; a no-break space as a letter or as bytes."""
PERSONAL = "|".join(
    (
        "@",
        "%(?:25)*40",
        rf"[0-9](?:{_GAP}*[0-9]){{8}}",
        # a CNPJ with letters
        r"(?i:[0-9a-z]{3}(?:/|%(?:25)*2f)[0-9a-z]{4}(?:-|%(?:25)*2d)[0-9]{2}|cnpj)",
    )
)
"""A pattern that is in every text from which `scrub` takes something."""
_personal = re2.Set.SearchSet()
_personal.Add(PERSONAL)
_personal.Compile()

_LOCAL = re.compile(r"[\w.%+\-]{1,64}\Z")
_DOMAIN = re.compile(r"\w(?:[\w\-]{0,62}\.)+(?:[^\W\d_]{2,24}|xn--[A-Za-z0-9\-]{2,59})")


def scrub(text: str) -> str:
    """The text with what was found replaced by its kind in brackets."""
    if not _personal.Match(text.encode("utf-8", "surrogatepass")):
        return text
    decoded = decode(text)
    spans = _merged(_emails(decoded.plain), list(spans_of(decoded)))
    return decoded.replace(spans) if spans else text


def _merged(emails: list[Span], numbers: list[Span]) -> list[Span]:
    """Both in one order; a number in an e-mail address is a part of it."""
    if not emails:
        return numbers
    apart = [
        number
        for number in numbers
        if all(number.end <= mail.start or mail.end <= number.start for mail in emails)
    ]
    return sorted([*emails, *apart])


def _emails(plain: str) -> list[Span]:
    spans = []
    done = 0
    at = plain.find("@")
    while at >= 0:
        local = _LOCAL.search(plain, max(done, at - 64), at)
        domain = _DOMAIN.match(plain, at + 1, at + 256)
        if local and domain:
            done = domain.end()
            spans.append(Span(local.start(), done, EMAIL))
        at = plain.find("@", max(done, at + 1))
    return spans
