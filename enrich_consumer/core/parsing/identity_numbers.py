"""Finds the numbers of people in a text: payment cards, CPF, CNPJ, phone numbers.

Numbers of products, orders and devices are digits too, so each kind has to be right in its first digits, its length,
its check digits and the way it is written (docs/enrichments.md, Privacy). Check digits: python-stdnum.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from stdnum import ean, luhn
from stdnum.br import cnpj, cpf

from enrich_consumer.core.parsing.percent_decoding import DecodedText, Span
from enrich_consumer.core.tables.card_ranges import is_of_a_network

CARD, CPF, CNPJ, PHONE = "[card]", "[cpf]", "[cnpj]", "[phone]"

_RUN = re.compile(r"[0-9](?:[ .\-()/+\t\u00a0]{0,3}[0-9]){8,}")
_GROUP = re.compile(r"[0-9]+")

_CARD_GROUPS = ((4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (6, 10), (8, 8))
_CPF_GROUPS = ((3, 3, 3, 1, 1), (3, 3, 3, 2), (3, 3, 5), (9, 2), (11,))
_CNPJ_GROUPS = ((2, 3, 3, 4, 2), (2, 3, 3, 6), (8, 4, 2), (12, 2), (8, 6))
"""How many digits stand together where a number is written with separators."""

_AREA = r"(?:[14689][1-9]|2[12478]|3[1-578]|5[1345]|7[134579])"
"""Brazil's area codes (Anatel's Plano Geral de Códigos Nacionais)."""
_GAP = r"[ .\-+\u00a0]"
_BRAZIL = re.compile(
    rf"(?:\(?(?:00)?55\)?{_GAP}{{0,2}})?"  # the country
    rf"(?:\(?0{_GAP}?(?:[1-9][0-9]{_GAP})?)?"  # a trunk call, through a carrier
    rf"\(?0?{_AREA}\)?{_GAP}{{0,2}}"
    rf"(?:9{_GAP}?[0-9]{{4}}|[2-5][0-9]{{3}}){_GAP}?[0-9]{{4}}(?![0-9])"
)
"""Mobile numbers have nine digits and begin with 9, others have eight and begin with 2 to 5 (Anatel, Resolução 749)."""
_AMERICA = re.compile(rf"\([2-9][0-9]{{2}}\){_GAP}?[2-9][0-9]{{2}}{_GAP}[0-9]{{4}}(?![0-9])")
_PHONE_WORD = re.compile(
    r"(?:\b|_)(?:tel|telefone|fone|phone|cel|celular|whats|whatsapp|zap|mobile|wa\.me)[\W_]{0,4}\Z",
    re.IGNORECASE,
)
_PHONE_BARE = re.compile(rf"(?:55)?0?{_AREA}(?:9[0-9]{{8}}|[2-5][0-9]{{7}})\Z|9[0-9]{{8}}\Z")
_LABEL = re.compile(r"(?:\b|_)(?:cpf|tel|telefone|fone|cel|celular|whatsapp|0xx)_?\Z", re.IGNORECASE)
"""What may be joined to a number that is no id: `cpf52998224725`, `(0xx11) 3123-4567`."""
_LOCAL = re.compile(rf"9?{_GAP}?[0-9]{{4}}{_GAP}[0-9]{{4}}(?![0-9])")
_CNPJ = re.compile(
    r"(?<![0-9A-Za-z])"
    r"(?P<written>(?:[0-9A-Za-z]{2}\.[0-9A-Za-z]{3}\.[0-9A-Za-z]{3}|[0-9A-Za-z]{8})/[0-9A-Za-z]{4}-[0-9]{2})"
    r"(?![0-9A-Za-z])"
    r"|[cC][nN][pP][jJ][\W_]{0,4}(?P<bare>[0-9A-Za-z]{12}[0-9]{2})(?![0-9A-Za-z])"
)
"""With letters it is known by its signs, and without signs by the word before it: one in a hundred ids of fourteen
digits has the right check digits."""


def is_card(digits: str, *, bare: bool = True) -> bool:
    """A payment card's number: a network's first digits and length, right by Luhn (ISO/IEC 7812), and no bar code."""
    return (
        13 <= len(digits) <= 19
        and is_of_a_network(digits, bare=bare)
        and len(set(digits)) > 1
        and bool(luhn.is_valid(digits))
        and not (len(digits) == 13 and ean.is_valid(digits))
    )


def is_cpf(digits: str) -> bool:
    """A CPF: eleven digits of which the last two check the others."""
    return len(digits) == 11 and len(set(digits)) > 1 and bool(cpf.is_valid(digits))


def is_cnpj(text: str) -> bool:
    """A CNPJ: twelve digits or, since July 2026, letters among them, and two digits that check them."""
    return len(set(text)) > 1 and any(map(str.isdigit, text[:8])) and bool(cnpj.is_valid(text))


def spans_of(text: DecodedText) -> Iterator[Span]:
    """The numbers of people in a text, in its order."""
    plain = text.plain
    companies = _companies(plain)
    done = 0
    for run in _RUN.finditer(plain):
        for span in _of_run(text, run):
            while companies and companies[0].end <= span.start:
                yield companies[0]
                done = companies.pop(0).end
            if span.start >= done and not (companies and companies[0].start < span.end):
                yield span
                done = span.end
    yield from companies


def _companies(plain: str) -> list[Span]:
    found: list[Span] = []
    if "/" not in plain and "cnpj" not in plain.lower():
        return found  # it has neither the sign nor the word
    for match in _CNPJ.finditer(plain):
        kind = match.lastgroup or ""
        if is_cnpj(match.group(kind)):
            found.append(Span(*match.span(kind), CNPJ))
    return found


def _of_run(text: DecodedText, run: re.Match[str]) -> Iterator[Span]:
    """Numbers within digits that only separators part; one begins and ends where a group of digits does."""
    plain = text.plain
    groups = [found.span() for found in _GROUP.finditer(plain, run.start(), run.end())]
    first = 0
    if _is_joined(plain, run.start() - 1) and not _LABEL.search(plain, max(0, run.start() - 10), run.start()):
        first = 1  # digits of a longer name: an id
    if _is_joined(plain, run.end()):
        groups.pop()
    sizes = tuple([end - start for start, end in groups])
    while first < len(groups):
        found = (
            _card(plain, groups, sizes, first)
            or _document(plain, groups, sizes, first)
            or _phone(text, groups, first)
        )
        if found is None:
            first += 1
            continue
        yield found
        while first < len(groups) and groups[first][0] < found.end:
            first += 1


def _is_joined(plain: str, position: int) -> bool:
    return 0 <= position < len(plain) and (plain[position].isalnum() or plain[position] == "_")


Groups = list[tuple[int, int]]
Sizes = tuple[int, ...]


def _by_first(*kinds: Sequence[Sizes]) -> dict[int, tuple[Sizes, ...]]:
    found: dict[int, list[Sizes]] = {}
    for sizes in chain(*kinds):
        found.setdefault(sizes[0], []).append(sizes)
    return {first: tuple(sorted(some, key=len, reverse=True)) for first, some in found.items()}


_CARDS = _by_first(_CARD_GROUPS)
_DOCUMENTS = _by_first(_CPF_GROUPS, _CNPJ_GROUPS)


def _card(plain: str, groups: Groups, sizes: Sizes, first: int) -> Span | None:
    start, end = groups[first]
    size = sizes[first]
    if 13 <= size <= 19:
        return Span(start, end, CARD) if is_card(plain[start:end]) else None
    for wanted in _CARDS.get(size, ()):
        if sizes[first : first + len(wanted)] == wanted:
            some = groups[first : first + len(wanted)]
            between = {plain[one[1] : other[0]] for one, other in pairwise(some)}
            if (
                len(between) == 1
                and between <= {" ", "-", ".", "+", "\u00a0"}
                and is_card(_digits(plain, some), bare=False)
            ):
                return Span(start, some[-1][1], CARD)
    return None


def _document(plain: str, groups: Groups, sizes: Sizes, first: int) -> Span | None:
    for wanted in _DOCUMENTS.get(sizes[first], ()):
        if sizes[first : first + len(wanted)] == wanted:
            some = groups[first : first + len(wanted)]
            digits = _digits(plain, some)
            kind = CPF if is_cpf(digits) else CNPJ if is_cnpj(digits) else None
            if kind is not None:
                return Span(some[0][0], some[-1][1], kind)
    return None


def _digits(plain: str, groups: Groups) -> str:
    return "".join([plain[start:end] for start, end in groups])


def _phone(text: DecodedText, groups: Groups, first: int) -> Span | None:
    plain = text.plain
    start, end = groups[first]
    if _has_plus(text, start):
        return _international(plain, groups, first)
    begin = start - 3 if plain[max(0, start - 3) : start].lower() == "0xx" else start
    begin -= plain[begin - 1 : begin] == "("
    if found := (
        _BRAZIL.match(plain, start - (plain[start - 1 : start] == "(")) or _AMERICA.match(plain, begin)
    ):
        stands_alone = not _continues(plain, begin, found.end())
        if stands_alone and not found.group().isdigit() and not _is_joined(plain, found.end()):
            return Span(begin, found.end(), PHONE)
    if _PHONE_BARE.match(plain[start:end]):
        stop = end
    elif local := _LOCAL.match(plain, start):
        stop = local.end()
    else:
        return None
    return Span(start, stop, PHONE) if _PHONE_WORD.search(plain, max(0, start - 16), start) else None


def _has_plus(text: DecodedText, start: int) -> bool:
    """Whether a plus stands before the number; in a URL a bare one after a letter is a blank."""
    position = start - 1
    if text.plain[position : position + 1] == "(":
        position -= 1
    if position < 0 or text.plain[position] != "+":
        return False
    return text.is_escaped(position) or position == 0 or not text.plain[position - 1].isalnum()


def _international(plain: str, groups: Groups, first: int) -> Span | None:
    """Eight to fifteen digits with the country's code (ITU-T E.164)."""
    begin = groups[first][0]
    digits = 0
    last = None
    for start, end in groups[first:]:
        digits += end - start
        if digits > 15:
            break
        if digits >= 8:
            last = end
        if found := _BRAZIL.match(plain, begin):
            last = found.end()
            break
    if last is None:
        return None
    while begin and plain[begin - 1] in "(+":
        begin -= 1
    return Span(begin, last, PHONE)


def _continues(plain: str, start: int, end: int) -> bool:
    """Whether the digits are a part of something longer: `AB-11-91234-5678`, `11-91234-5678-2`."""
    before, after = plain[max(0, start - 2) : start], plain[end : end + 2]
    if len(before) == 2 and before[0].isalnum() and before[1] in ("-." if before[0].isalpha() else "-./"):
        return True
    return len(after) == 2 and after[0] in "-./" and after[1].isdigit()
