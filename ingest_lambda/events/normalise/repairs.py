"""The repairs of one event: for the response, for the column `input_repairs`, for the original."""

from typing import Any, NamedTuple

MOST = 20
"""Different repairs that one event names; a batch of nonsense must not become a batch of complaints."""

LONGEST_ORIGINAL = 1_024
"""Characters of a text that is kept as original."""

# Codes: the closed list stands in docs/ingest.md.
ABSENT = "absent"  # an empty or null-like value became null
UNREADABLE = "unreadable"  # became null; the original is in properties
OUT_OF_RANGE = "out_of_range"  # the same, because of its size
CUT = "cut"  # too long
ROUNDED = "rounded"
TO_TEXT = "to_text"
TO_NUMBER = "to_number"
TO_BOOLEAN = "to_boolean"
TO_LIST = "to_list"
TO_OBJECT = "to_object"
SECONDS = "seconds"  # a time that was in seconds
MICROSECONDS = "microseconds"
NANOSECONDS = "nanoseconds"
REFORMATTED = "reformatted"  # a time in another writing than RFC 3339
NO_ZONE = "no_zone"  # a time without an offset: the time of arrival counts
RENAMED = "renamed"  # the event's name; the original is in properties
DERIVED = "derived"  # an id made from the given one
FOLDED = "folded"  # e-commerce fields from the top level
DAMAGED_TEXT = "damaged_text"  # half a surrogate pair became U+FFFD


class Repair(NamedTuple):
    """`field` is the path in the event, `what` a code of the list above. Neither holds text of the client."""

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}:{self.what}"


class Repairs:
    """The repairs of one event, each once, and the originals of what could not be carried over."""

    __slots__ = ("item", "lost_digits", "noted", "originals", "three_decimals")

    def __init__(self) -> None:
        self.noted: dict[Repair, None] = {}
        self.originals: dict[str, Any] = {}
        self.item = 0
        """Index of the item that is being converted: it names an item's original."""
        self.lost_digits = False
        """Whether a number came through a float, so that its digits are not the client's."""
        self.three_decimals = False
        """Whether the event's currency has three decimals, so that 1.234 is no thousand."""

    def note(self, field: str, what: str) -> None:
        """Remember a change; beyond `MOST` different ones nothing is added."""
        if len(self.noted) < MOST:
            self.noted[Repair(field, what)] = None

    def keep(self, field: str, original: Any) -> None:
        """Keep a value that is lost otherwise; it goes into `properties.original`."""
        if len(self.originals) < MOST:
            key = field.replace("[]", f".{self.item}")
            self.originals[key] = original[:LONGEST_ORIGINAL] if isinstance(original, str) else original

    def lose(self, field: str, what: str, original: Any) -> None:
        """A value that could not be understood: only its field is lost, and the original stays."""
        self.note(field, what)
        self.keep(field, original)
