"""Replaces personal data in texts: e-mail addresses, card numbers, CPF, CNPJ, phone numbers.

Looks that cost almost nothing decide for most texts that there is nothing to do: is there an `@`, and are
there nine digits in a row once the usual separators are gone? Only then patterns are tried and the numbers checked.
"""

import re

import re2

from enrich_consumer.core.parsing.identity_numbers import spans_of
from enrich_consumer.core.parsing.percent_decoding import Span, decode

EMAIL = "[email]"

_SEPARATORS = b" .-()/+\t"
_SHAPE = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_NINE = b"0" * 9
_ESCAPED_AGAIN = re2.compile(rb"%(?:25)+")
_ENCODED = re2.compile(rb"%(?:20|2[BbDdEeFf89]|[Cc]2%[Aa]0)")

_LOCAL = re.compile(r"[\w.%+\-]{1,64}\Z")
_DOMAIN = re.compile(r"\w(?:[\w\-]{0,62}\.)+(?:[^\W\d_]{2,24}|xn--[A-Za-z0-9\-]{2,59})")

CNPJ_SHAPE = r"[0-9a-z]{3}(?:/|%(?:25)*2f)[0-9a-z]{4}(?:-|%(?:25)*2d)[0-9]{2}|cnpj"
"""A pattern that is in every text with a CNPJ that has letters; to be tried in any case of letters."""
_cnpj_shape = re.compile(
    rb"(?:/|%(?:25)*2[fF])[0-9A-Za-z]{4}(?:-|%(?:25)*2[dD])[0-9]{2}|[cC][nN][pP][jJ]"
).search


def may_hold_mail(text: str) -> bool:
    """An `@`, perhaps escaped, however often."""
    return "@" in text or ("%" in text and "40" in text)


def may_hold_number(data: bytes) -> bool:
    """Nine digits in a row when separators are left out, or the shape of a CNPJ: perhaps the number of a person."""
    text = data
    if b"%" in text:
        text = _ENCODED.sub(b" ", _ESCAPED_AGAIN.sub(b"%", text))
    if b"\xc2\xa0" in text:
        text = text.replace(b"\xc2\xa0", b" ")
    return _NINE in text.translate(_SHAPE, _SEPARATORS) or _cnpj_shape(data) is not None


def scrub(text: str) -> str:
    """The text with what was found replaced by its kind in brackets."""
    mail = may_hold_mail(text)
    number = may_hold_number(text.encode("utf-8", "surrogatepass"))
    if not mail and not number:
        return text
    decoded = decode(text)
    spans = _emails(decoded.plain) if mail else []
    if number:
        spans = _merged(spans, list(spans_of(decoded)))
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
