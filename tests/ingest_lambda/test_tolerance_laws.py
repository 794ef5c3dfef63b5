"""For any input: what is stored keeps the contract, is not converted twice, and both ways of reading agree."""
# ruff: noqa: E501 - one line per case

# ruff: noqa: E501 - one line per case

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.events.normalise import event as module
from ingest_lambda.events.normalise.canonical import EVENT, is_canonical
from ingest_lambda.events.normalise.repairs import Repairs
from tests.ingest_lambda.tolerance import CONTRACT, ID, RAW_EVENT

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**66), 2**66) | st.floats() | st.text(max_size=20)
    | st.sampled_from(["granted", "19.90", "1.234", "null", "2026-11-21T21:19:58Z", '{"a":1}', "[1]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from([*EVENT["$defs"]["item"]["properties"], "0", "1", "items", "url", "width"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


fields = st.sampled_from([*EVENT["properties"], "value", "currency", "items", "other"])


@settings(deadline=None, max_examples=300)
@given(event=st.dictionaries(fields, values, max_size=8))
def test_whatever_comes_with_a_name_is_taken_and_as_the_contract_says(event: dict[str, Any]) -> None:
    found = module.normalise(event | {"event": "x"}, "loja", lambda: ID)

    RAW_EVENT.validate(found.event | {"repairs": [str(repair) for repair in found.repairs]})
    CONTRACT.validate(found.event)
    assert found.visitor_id is None or 1 <= len(found.visitor_id) <= 128


@settings(deadline=None, max_examples=300)
@given(event=st.dictionaries(fields, values, max_size=8))
def test_what_has_been_converted_is_not_converted_again(event: dict[str, Any]) -> None:
    once = module.normalise(event | {"event": "x"}, "loja", lambda: ID)
    again = module.normalise(once.event | {"visitor_id": once.visitor_id}, "loja", lambda: ID)

    assert [one for one in again.repairs if one.field != "properties"] == []


@settings(deadline=None, max_examples=300)
@given(event=st.dictionaries(fields, values, max_size=5))
def test_the_short_way_of_a_canonical_event_says_what_the_long_one_says(event: dict[str, Any]) -> None:
    """An event that meets the contract is copied, not converted: both ways must have one result."""
    event |= {"event": "x"}
    if is_canonical(event):
        fast: dict[str, Any] = {"event": "x"}
        slow: dict[str, Any] = {"event": "x"}
        repairs = Repairs()
        assert module._copy_known(event, fast, repairs) == module._convert_known(event, slow, repairs)
        assert fast == slow
        assert not repairs.noted
