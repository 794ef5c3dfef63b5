"""Takes e-mail addresses, card numbers, CPF and phone numbers out of texts.

Looks that cost almost nothing decide for most texts that there is nothing to do: is there an `@`, and are
there ten digits in a row once the usual separators are gone? Only then patterns are tried, and the numbers
checked: cards by Luhn's formula (ISO/IEC 7812), CPF by its two check digits (Receita Federal).
"""

import re
from typing import Any

import re2

EMAIL, CARD, CPF, PHONE = "[email]", "[card]", "[cpf]", "[phone]"

SENSITIVE_KEYS = frozenset(
    [
        "email",
        "e_mail",
        "mail",
        "e-mail",
        "phone",
        "telephone",
        "phone_number",
        "tel",
        "telefone",
        "celular",
        "mobile_number",
        "whatsapp",
        "cpf",
        "rg",
        "cnpj",
        "ssn",
        "passport",
        "password",
        "passwd",
        "pwd",
        "senha",
        "secret",
        "token",
        "access_token",
        "refresh_token",
        "api_key",
        "apikey",
        "auth",
        "authorization",
        "card",
        "card_number",
        "cardnumber",
        "cc_number",
        "cvv",
        "cvc",
        "credit_card",
        "iban",
        "account_number",
        "birthdate",
        "birth_date",
        "date_of_birth",
        "dob",
        "nascimento",
        "first_name",
        "last_name",
        "full_name",
        "address",
        "street",
    ]
)
"""Properties, in lower case, whose text is personal or secret whatever it looks like."""
REMOVED = "[removed]"

_SEPARATORS = b" .-()/+\t"
_SHAPE = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_TEN = b"0" * 10
_ENCODED = (b"%20", b"%2B", b"%2b", b"%28", b"%29", b"%2D", b"%2d", b"%2F", b"%2f", b"%C2%A0")

_GAP = r"(?:[ .\-()/+]|%20|%28|%29|%2[bBdDfF]|%C2%A0){0,3}"
_RUN = re.compile(rf"(?:\+|%2[bB])?(?:\(|%28)?[0-9](?:{_GAP}[0-9]){{8,40}}")
_LOCAL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.)+[A-Za-z]{2,24}")
_AT = re.compile(r"@|%40")
_BRAZIL = re.compile(r"\(?\d{2}\)?[ +\-]?(?:9[ .]?)?\d{4}-\d{4}\Z")
_AMERICA = re.compile(r"\(\d{3}\)[ +\-]?\d{3}-\d{4}\Z")


def is_suspicious(data: bytes) -> bool:
    """Whether there may be something to take out of a JSON text; one look for all that is sought.

    A sensitive key is found at any depth; one that is written with escapes is suspicious as well.
    """
    return bool(_SUSPICIOUS.Match(data))


def _suspicious() -> Any:
    gap = r"(?:[ .\-()/+\t]|%20|%2[BbDdFf89]|%C2%A0)*"
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes
    sought = re2.Set.SearchSet(options)
    sought.Add(
        "|".join(
            (
                "@",
                "%40",
                r"\\u00",
                rf'"(?i:{"|".join(map(re.escape, sorted(SENSITIVE_KEYS)))})"\s*:',
                rf"[0-9](?:{gap}[0-9]){{9}}",
            )
        ).encode()
    )
    sought.Compile()
    return sought


_SUSPICIOUS = _suspicious()


def has_digits(data: bytes) -> bool:
    """Ten digits in a row when separators are left out, so perhaps a card, a CPF or a phone number."""
    if b"%" in data:
        for code in _ENCODED:
            data = data.replace(code, b" ")
    return _TEN in data.translate(_SHAPE, _SEPARATORS)


def scrub(text: str) -> str:
    """The text with what was found replaced by its kind in brackets."""
    if "@" in text or "%40" in text:
        text = _without_emails(text)
    if has_digits(text.encode("utf-8", "surrogatepass")):
        text = _RUN.sub(_run, text)
    return text


def _without_emails(text: str) -> str:
    parts = []
    done = 0
    for at in _AT.finditer(text):
        if at.start() < done:
            continue
        local = _LOCAL.search(text, max(done, at.start() - 64), at.start())
        domain = _DOMAIN.match(text, at.end(), at.end() + 255)
        if local and domain:
            parts += [text[done : local.start()], EMAIL]
            done = domain.end()
    return "".join([*parts, text[done:]])


def luhn(digits: str) -> bool:
    """Luhn's check of a number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """A payment card's number: of a network's length and first digits, and right by Luhn."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) == 1:
        return False
    if digits[0] == "2" and not ("2221" <= digits[:4] <= "2720" or digits[:4] in {"2014", "2149"}):
        return False
    return luhn(digits)


def is_cpf(digits: str) -> bool:
    """A CPF: eleven digits of which the last two check the others."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    numbers = [int(digit) for digit in digits]
    for length in (9, 10):
        total = sum(number * (length + 1 - place) for place, number in enumerate(numbers[:length]))
        if total * 10 % 11 % 10 != numbers[length]:
            return False
    return True


_CODES = {"%20": " ", "%28": "(", "%29": ")", "%2D": "-", "%2d": "-", "%2F": "/", "%2f": "/", "%C2%A0": " "}
_CODES |= {"%2B": "+", "%2b": "+"}


def _decoded(run: str) -> str:
    for code, letter in _CODES.items():
        run = run.replace(code, letter)
    return run


def _ends(plain: str) -> set[int]:
    """After how many digits a separator or the end follows."""
    found = set()
    count = 0
    for letter, following in zip(plain, plain[1:] + " ", strict=True):
        if letter.isdigit():
            count += 1
            if not following.isdigit():
                found.add(count)
    return found


def _kind(run: str) -> tuple[str, int] | None:
    """What a run of digits starts with: its kind and how many of its digits belong to it."""
    plain = _decoded(run)
    digits = "".join(filter(str.isdigit, plain))
    ends = _ends(plain)
    for length in range(19, 12, -1):
        if length in ends and is_card(digits[:length]):
            return CARD, length
    if 11 in ends and is_cpf(digits[:11]):
        return CPF, 11
    if plain.startswith("+"):
        longest = max((end for end in ends if 8 <= end <= 15), default=0)
        if longest:
            return PHONE, longest
    return (PHONE, len(digits)) if _BRAZIL.match(plain) or _AMERICA.match(plain) else None


def _run(match: re.Match[str]) -> str:
    run = match.group()
    kind = _kind(run)
    if kind is None:
        return run
    name, length = kind
    count = place = 0
    while count < length:  # pass over the digits that belong to it, skipping encoded separators
        if run[place] == "%":
            place += 6 if run.startswith("%C2%A0", place) else 3
            continue
        count += run[place].isdigit()
        place += 1
    return name + _RUN.sub(_run, run[place:])


def scrub_value(value: Any) -> Any:
    """A JSON value, its texts scrubbed, numbers that are a card or a CPF too, sensitive keys emptied."""
    match value:
        case str():
            return scrub(value)
        case int() if value >= 10**10:
            digits = str(value)
            return CARD if is_card(digits) else CPF if is_cpf(digits) else value
        case list():
            return [scrub_value(one) for one in value]
        case dict():
            return {
                scrub(key): REMOVED if one and key.lower() in SENSITIVE_KEYS else scrub_value(one)
                for key, one in value.items()
            }
        case _:
            return value
