"""The person to be erased, and how to find them in bytes."""

import json
import re
from functools import cached_property
from hashlib import md5, sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

from lake.erased_ids import id_hash

TELLING = 12
"""Characters from which on an account's id is looked for as text, wherever it stands; shorter ones are numbers of
customers mostly, which stand in half of all rows as something else. These are looked for in the fields of user ids."""


class Subject:
    """Visitors, whole, and accounts: of these the events that name them (the visitors that know no other account
    are among `visitors`). `texts`: whatever else must stand nowhere, in capitals or small letters: an e-mail address
    for example. `site`: the accounts' storefront, None for all: customer numbers of two shops mean two people."""

    def __init__(
        self,
        visitors: frozenset[str] = frozenset(),
        accounts: frozenset[str] = frozenset(),
        texts: frozenset[str] = frozenset(),
        site: str | None = None,
    ) -> None:
        self.visitors = visitors
        self.accounts = accounts
        self.site = site
        own = {text for text in accounts if len(text) >= TELLING and site is None}
        self.texts = tuple(sorted(visitors | texts | own, key=lambda text: (-len(text), text)))
        self._in_any_case = texts

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """Matches where one of the texts stands, as it is or as JSON and URLs write it."""
        spelled = [
            (form, text in self._in_any_case) for text in self.texts for form in sorted(_spellings(text))
        ]
        spelled.sort(key=lambda one: len(one[0]), reverse=True)
        parts = [b"(?i:%b)" % re.escape(form) if any_case else re.escape(form) for form, any_case in spelled]
        return re.compile(b"|".join(parts) or b"(?!)")

    @cached_property
    def _literals(self) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """Each spelling by itself, as it is and in small letters: bytes.find goes three times as fast as a pattern, and
        several times as fast as several in one pattern."""
        own = [text for text in self.texts if text not in self._in_any_case]
        return (
            tuple(form for text in own for form in sorted(_spellings(text))),
            tuple({form.lower() for text in self._in_any_case for form in _spellings(text)}),
        )

    def stands_in(self, data: Any) -> bool:
        """Whether one of the texts stands in bytes, or in what has a buffer of bytes."""
        plain = (
            data if isinstance(data, bytes) else bytes(data)
        )  # find wants bytes; a copy costs a tenth of it
        as_is, small = self._literals
        if any(literal in plain for literal in as_is):
            return True
        if not small:
            return False
        lowered = plain.lower()
        return any(literal in lowered for literal in small)

    def count(self, data: bytes) -> int:
        """How often."""
        return len(self.pattern.findall(data)) if self.stands_in(data) else 0

    @cached_property
    def hints(self) -> re.Pattern[bytes]:
        """Matches at least where JSON may be about the subject: the pattern, and accounts in fields."""
        parts = [self.pattern.pattern] if self.texts else []
        for account in sorted(self.accounts):
            forms = b"|".join(map(re.escape, sorted(_spellings(account), key=len, reverse=True)))
            parts += [rb'user_?[iI]d\\*"\s*:\s*\\*"?(?:%b)' % forms]
        return re.compile(b"|".join(parts) or b"(?!)")

    @cached_property
    def packed(self) -> re.Pattern[bytes]:
        """As `pattern`, and visitors as 16 bytes, as the session log holds them."""
        raw = [re.escape(UUID(one).bytes) for one in sorted(self.visitors) if _is_uuid(one)]
        return re.compile(
            b"|".join([*raw, *([self.pattern.pattern] if self.texts else [])]) or b"(?!)", re.DOTALL
        )

    def is_row(self, site: Any, visitor_id: Any, user_id: Any) -> bool:
        """Whether a row of these values is the subject's."""
        return visitor_id in self.visitors or self.is_account(site, user_id)

    def is_account(self, site: Any, user_id: Any) -> bool:
        """Whether this is an account of the subject."""
        return user_id is not None and str(user_id) in self.accounts and self.site in (None, site)

    def redacted(self, data: bytes) -> bytes:
        """`data` with every text replaced by a mark."""
        return self.pattern.sub(b"[erased]", data)

    def digest(self) -> str:
        """A name for the request from which nobody learns who it is about. Hexadecimal."""
        text = "\n".join(
            [*sorted(self.visitors), "", *sorted(self.accounts), "", *self.texts, self.site or ""]
        )
        return sha256(text.encode()).hexdigest()

    def hashes(self, shared: frozenset[str]) -> set[str]:
        """For the list of erased ids; `shared`: visitors of whom only the accounts' events go."""
        return {id_hash(visitor) for visitor in self.visitors} | {
            id_hash(visitor, account) for visitor in shared for account in self.accounts
        }


def _spellings(text: str) -> set[bytes]:
    """As UTF-8, as an URL has it, and as JSON escapes it: letters beyond ASCII, quotes and backslashes, in JSON that
    itself is a text in JSON too."""
    escaped = json.dumps(text)[1:-1]
    forms = {text.encode("utf-8", "surrogatepass"), quote(text, safe="", errors="surrogatepass").encode()}
    forms |= {escaped.encode(), json.dumps(escaped)[1:-1].encode()}
    forms |= {json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")}
    return forms | {text.upper().encode()} if _is_uuid(text) else forms


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def spellings_of_email(email: str) -> frozenset[str]:
    """What a shop may have sent for an e-mail address: itself, in small letters, and its usual digests."""
    small = email.strip().lower()
    digests = {sha256(small.encode()).hexdigest(), md5(small.encode(), usedforsecurity=False).hexdigest()}
    return frozenset({email.strip(), small} | digests)
