"""The visitor of an event that a server sends: a customer without a cookie is a visitor of their own."""

from typing import Any

PREFIX = "user:"
_NOBODY = frozenset({"undefined", "null", "none", "nan", "(not set)", "0", "false", "anonymous", "guest"})


def visitor_of(visitor_id: Any, user_id: Any) -> Any:
    """The visitor's id as it came; without one `user:` and the customer's id; None where neither names anybody.

    Left empty, a shop's server would become one visitor, that of its own IP address and user agent.
    """
    if _text(visitor_id):
        return visitor_id
    user = _text(user_id)
    return f"{PREFIX}{user}" if user and user.lower() not in _NOBODY else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
