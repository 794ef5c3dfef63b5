"""Removes from a URL what lets somebody in or names a person: values of parameters, tokens in paths."""

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

import re2

from enrich_consumer.core.tables.sensitive_names import SENSITIVE_NAMES, compact, kind_of

REMOVED = "removed"
"""Replaces a value that must not be stored."""

_DELIMITER = re.compile(r"([&=?#;/]|%(?:25)*(?:26|3[dD]|3[fF]|23|3[bB]|2[fF]))")
_PLACEHOLDER = re.compile(r"(?:\[(?:email|card|cpf|cnpj|phone)\]|removed)\Z")
_JWT = re.compile(r"eyJ[\w\-]{6,}\.eyJ[\w\-]{6,}(?:\.[\w\-]*)?")
"""A JSON web token (RFC 7519): its first two parts are JSON objects in base64url, so both begin with eyJ."""


def is_secret(name: str, value: str) -> bool:
    """Whether the value of this parameter must not be stored."""
    if value.startswith("wc_order_"):  # WooCommerce: opens the order's page
        return True
    kind = kind_of(name)
    return looks_random(value) if kind == "weak" else kind is not None


def without_values(text: str, is_removed: Callable[[str, str], bool]) -> str:
    """A query or fragment without the values of the parameters for which `is_removed(name, value)` holds.

    Also of those in a URL that is itself a value, however often it was escaped: `next=%2Fx%3Ftoken%3D1`. A
    value ends at the next `&` that is escaped as often as its `=`, or less.
    """
    if "=" not in text and "%" not in text:
        return text
    if '"' in text or "22" in text:
        text = _JSON_MEMBER.sub(lambda member: _without_member(member, is_removed), text)
    pieces = _DELIMITER.split(text)
    parts: list[str] = []
    index = 0
    while index < len(pieces):
        parts.append(pieces[index])
        if index + 1 == len(pieces):
            break
        sign = pieces[index + 1]
        parts.append(sign)
        name = pieces[index]
        index += 2
        if name and (sign == "=" or sign[-2:] in {"3D", "3d"}):
            end = _end_of_value(pieces, index, len(sign))
            value = "".join(pieces[index:end])
            if value and not _PLACEHOLDER.match(value) and is_removed(_unescaped(name), value):
                parts.append(REMOVED)
                if end == len(pieces):
                    break
                parts.append(pieces[end])
                index = end + 1
    return "".join(parts)


_QUOTE = r'(?:"|%(?:25)*22)'
_JSON_MEMBER = re.compile(
    rf"({_QUOTE}([\w\-.]{{1,64}}){_QUOTE}(?::|%(?:25)*3[aA]){_QUOTE})((?:(?!{_QUOTE})[^&])+)"
)


def _without_member(member: re.Match[str], is_removed: Callable[[str, str], bool]) -> str:
    """A member of a JSON object that is a value: `data={"token":"AbC"}`."""
    head, name, value = member.groups()
    return head + REMOVED if is_removed(name, value) and not _PLACEHOLDER.match(value) else member.group()


def _end_of_value(pieces: list[str], index: int, depth: int) -> int:
    """The index of the delimiter that ends the value beginning at `index`; the depth is the length of its sign."""
    for end in range(index + 1, len(pieces), 2):
        sign = pieces[end]
        if len(sign) <= depth and (sign[-1] in "&#" or (len(sign) > 1 and sign[-2:] in {"26", "23"})):
            return end
    return len(pieces)


def _unescaped(name: str) -> str:
    for _ in range(3):
        if "%" not in name and "+" not in name:
            break
        name = unquote_plus(name)
    return name.strip()


def looks_random(text: str) -> bool:
    """Whether a text was made by a machine to be unguessable: long, of letters and digits without an order."""
    if len(text) < 20 or not _TOKEN.match(text):
        return False
    has_digits = any(map(str.isdigit, text))
    mixed = text != text.lower() and text != text.upper()
    return has_digits and (mixed or _HEX.match(text) is not None or len(text) >= 32)


_TOKEN = re.compile(r"[\w\-.~%+/=]+\Z")
_HEX = re.compile(r"[0-9a-fA-F]{24,}\Z")

_TOKEN_WORDS = frozenset(
    [
        "reset",
        "resetar",
        "password",
        "passwords",
        "senha",
        "token",
        "tokens",
        "magic",
        "recover",
        "recovery",
        "recuperar",
        "recuperacao",
        "redefinir",
        "redefinicao",
        "unsubscribe",
        "descadastrar",
        "descadastro",
        "activate",
        "activation",
        "ativar",
        "ativacao",
        "invite",
        "invitation",
        "invitations",
        "convite",
        "convites",
        "verify",
        "verification",
        "verificar",
        "verificacao",
        "passwordless",
        "onetime",
    ]
)
"""Words of a part of a path behind which a token may follow."""
_ORDERS_TOO = frozenset(["confirm", "confirmation", "confirmar", "confirmacao", "validate", "validar"])
"""Also in use before the id of an order, which may be a UUID and stays."""
PATH_WORDS = tuple(sorted(_TOKEN_WORDS | _ORDERS_TOO))
"""Words of a path behind which something may be taken out, in lower case."""
_WORDS = re.compile(r"[A-Za-z]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")
_NEAR = 3
"""Parts of the path between the word and the token, at most: `account/reset/123/AbC`."""


def without_tokens(path: str) -> str:
    """A path without session ids (`/shop;jsessionid=1A2B/x`), without tokens behind a word such as `reset-password`,
    and without the values of `token=AbC`."""
    parts = path.split("/")
    near_token = 0
    near_order = 0
    for index, part in enumerate(parts):
        cleaned = _without_session(part) if ";" in part else part
        if "=" in cleaned:
            cleaned = without_values(cleaned, is_secret)
        if (near_token > 0 and _is_token(cleaned, 8, uuids=True)) or (
            near_order > 0 and _is_token(cleaned, 16, uuids=False)
        ):
            cleaned = REMOVED
        parts[index] = cleaned
        near_token -= 1
        near_order -= 1
        words = {word.lower() for word in _WORDS.findall(part)}
        if not words.isdisjoint(_TOKEN_WORDS) or kind_of(part) == "secret":
            near_token = _NEAR
        elif not words.isdisjoint(_ORDERS_TOO):
            near_order = _NEAR
    return "/".join(parts)


def _without_session(part: str) -> str:
    first, *rest = part.split(";")
    return first + "".join(
        ";" + one for one in rest if not (one.partition("=")[1] and kind_of(one.partition("=")[0]) in _INSIDE)
    )


_INSIDE = frozenset(("personal", "secret", "session"))


def _is_token(part: str, shortest: int, *, uuids: bool) -> bool:
    """Whether a part of a path is no words and no number: letters and digits mixed, capitals inside, or long."""
    if len(part) < shortest or not _TOKEN.match(part):
        return False
    if _UUID.match(part):
        return uuids
    return any(map(_is_mixed, re.split(r"[\-_.]", part)))


def _is_mixed(word: str) -> bool:
    if len(word) >= 20:
        return True
    has_digit = any(map(str.isdigit, word))
    has_letter = any(map(str.isalpha, word))
    capital_inside = word[1:] != word[1:].lower() and word != word.upper()
    return len(word) >= 6 and ((has_digit and has_letter) or capital_inside)


def without_web_tokens(text: str) -> str:
    """A part of a URL without JSON web tokens, wherever they stand."""
    return _JWT.sub(REMOVED, text) if "eyJ" in text else text


def _suspects() -> str:
    gap = r"(?:[_\-. +]|%20)*"
    names = {compact(row.name) for row in SENSITIVE_NAMES if row.kind != "weak"}
    # a longer name that holds a shorter one is seen by it
    stems = sorted(name for name in names if not any(other != name and other in name for other in names))
    weak_names = sorted(row.name for row in SENSITIVE_NAMES if row.kind == "weak")
    words = sorted(_TOKEN_WORDS | _ORDERS_TOO)
    return "|".join(
        (
            *(gap.join(stem) for stem in stems),
            rf"(?:{'|'.join(weak_names)})(?:[\]\"]|%(?:25)*(?:5D|22))*(?:[:=]|%(?:25)*3[AD])",
            rf"(?:{'|'.join(words)})",
            "eyJ",
            "wc_order_",
        )
    )


SUSPECTS = _suspects()
"""A pattern that matches, in any case of letters, wherever this module may take something out."""

_SUSPICIOUS = re2.Set.SearchSet()
_SUSPICIOUS.Add("(?i)" + SUSPECTS)
_SUSPICIOUS.Compile()


def is_suspicious(url: str) -> bool:
    """A cheap look: whether there may be something to remove from a URL."""
    return bool(_SUSPICIOUS.Match(url))
