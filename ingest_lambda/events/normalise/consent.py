"""Consent: booleans, and the words of Google's consent mode and of consent tools."""

from typing import Any

from ingest_lambda.events.normalise.repairs import TO_BOOLEAN, TO_OBJECT, UNREADABLE, Repairs
from ingest_lambda.events.normalise.values import is_absent, parsed

YES = frozenset(
    {"granted", "grant", "true", "yes", "y", "t", "1", "on", "allow", "allowed", "accepted", "accept"}
)
YES |= {"opt_in", "opt-in", "optin", "opted_in", "sim", "s", "si", "sí"}
NO = frozenset(
    {"denied", "deny", "false", "no", "n", "f", "0", "off", "disallow", "disallowed", "rejected", "reject"}
)
NO |= {"opt_out", "opt-out", "optout", "opted_out", "não", "nao", "refused"}

GOOGLE = {  # Google's consent types: ads are allowed only where none of the three is denied
    "analytics": ("analytics_storage",),
    "ads": ("ad_storage", "ad_user_data", "ad_personalization"),
}


def consent(value: Any, repairs: Repairs) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """`analytics` and `ads`, and the fields that are neither.

    What is no clear yes counts as refused; null and empty stay "not asked". One word alone is for both.
    """
    given = parsed(value)
    if type(given) is list and len(given) == 1:
        given = given[0]
    if type(given) is not dict:
        if is_absent(given) and given is not False:
            repairs.note("consent", "absent")
            return None, {}
        repairs.note("consent", TO_OBJECT)
        said = answer(given, "consent", repairs)
        return {"analytics": said, "ads": said}, {}
    if given is not value:
        repairs.note("consent", TO_OBJECT)
    result: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, said in given.items():
        if name in GOOGLE:
            result[name] = said if said is None else answer(said, f"consent.{name}", repairs)
        else:
            rest[name] = said
    for name, types in GOOGLE.items():
        if name not in result and any(rest.get(each) is not None for each in types):
            answers = [
                answer(rest[each], f"consent.{name}", repairs) for each in types if rest.get(each) is not None
            ]
            result[name] = None if None in answers else all(answers)
    return result, rest


def answer(value: Any, field: str, repairs: Repairs) -> bool | None:
    """Yes or no; None for an empty value; whatever else is unclear counts as no."""
    if type(value) is bool:
        return value
    word = str(value).strip().lower() if type(value) in {str, int} else ""
    if word in YES or word in NO:
        repairs.note(field, TO_BOOLEAN)
        return word in YES
    if is_absent(value):
        repairs.note(field, "absent")
        return None
    repairs.lose(field, UNREADABLE, value)
    return False
