"""Texts that programs write for a missing value."""

NULL_WORDS = frozenset(
    {"", "null", "undefined", "none", "nil", "nan", "[object object]", "[object undefined]", "[object null]"}
    | {"(not set)", "not set", "(none)", "(null)", "(undefined)", "n/a", "<null>", "<nil>", "\\n"}
)
"""In lower case, without blanks around. JavaScript, Python, Ruby, Go, PHP, Java, Google Analytics and SQL dumps."""

NO_IDENTITY = NULL_WORDS | {
    *("0", "-1", "true", "false", "anonymous", "guest", "distinctid", "distinct_id", "id", "email"),
    *("not_authenticated", "unknown", "visitor_id", "user_id", "00000000-0000-0000-0000-000000000000"),
    *("ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000000000000000000000000000"),
}
"""What many people would share as their id, so that it is nobody's: PostHog's published list of ids that it
refuses (posthog.com/docs, identifying users), the names of our own fields, and the nil and max UUIDs."""

NO_ORDER = NULL_WORDS | {"0", "true", "false", "00000000-0000-0000-0000-000000000000"}
"""The same for an order. Of a product only the null words are none: there may be one with the number 0."""


def is_null_word(text: str) -> bool:
    """Whether a text stands for an absent value."""
    return len(text) < 32 and text.strip().lower() in NULL_WORDS
