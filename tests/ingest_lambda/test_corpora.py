"""Whole public corpora of hostile input: every case has a defined answer, and none is a 5xx. See corpora/README.md."""

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.ingest_lambda.doubles import KEY, PAGE_VIEW, Bench, gateway

CORPORA = Path(__file__).parent / "corpora"
JSON_SUITE: dict[str, bytes] = {
    name: base64.b64decode(text)
    for name, text in json.loads(gzip.decompress((CORPORA / "json_test_suite.json.gz").read_bytes())).items()
}
NAUGHTY: list[str] = json.loads((CORPORA / "blns.json").read_text(encoding="utf-8"))

# No JSON, but what Python and Java write where a number is none: its own field is null, the other events stay.
NO_JSON_BUT_TAKEN = {"n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json"}

# Where the suite leaves the choice to the parser.
CHOICE_TAKEN = {
    "i_number_huge_exp.json",  # kept as text
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_double_huge_neg_exp.json",  # underflows to 0
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",  # an array of a number: JSON, but no event
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    "i_object_key_lone_2nd_surrogate.json",  # repaired
    "i_string_1st_surrogate_but_2nd_missing.json",
    "i_string_1st_valid_surrogate_2nd_invalid.json",
    "i_string_UTF-8_BOM.json",
    "i_string_incomplete_surrogate_and_escape_valid.json",
    "i_string_incomplete_surrogate_pair.json",
    "i_string_incomplete_surrogates_escape_valid.json",
    "i_string_invalid_lonely_surrogate.json",
    "i_string_invalid_surrogate.json",
    "i_string_inverted_surrogates_U+1D11E.json",
    "i_string_lone_second_surrogate.json",
    "i_structure_UTF-8_BOM_empty_object.json",
}


def test_the_corpora_are_whole() -> None:
    kinds = Counter(name.split("/")[1][:2] for name in JSON_SUITE if name.startswith("parsing/"))
    assert kinds == {"y_": 95, "n_": 188, "i_": 35}
    assert len(NAUGHTY) == 485


def answer(bench: Bench, body: bytes) -> int:
    status, document, _ = bench.post(gateway(body))
    assert status in {202, 400, 413}
    if status == 202:
        assert document["accepted"] + len(document["rejected"]) == len(bench.rows()) + sum(
            len(record["events"]) for record in bench.records()
        )
    else:
        assert not bench.stream.calls
        assert not bench.delivery.calls
    return status


@pytest.mark.parametrize("name", JSON_SUITE)
def test_a_case_of_the_json_suite_is_taken_or_refused_as_json_says(bench: Bench, name: str) -> None:
    """y_: JSON, so 202, though most are no events and end in the rejected table. n_: 400. i_: listed above."""
    kind = name.split("/")[1]

    status = answer(bench, JSON_SUITE[name])

    if name.startswith("transform/"):
        return  # what they become is the parser's; that there is an answer is what counts
    if kind.startswith("y_"):
        assert status == 202
    elif kind.startswith("n_"):
        assert status == (202 if kind in NO_JSON_BUT_TAKEN else 400)
    else:
        assert status == (202 if kind in CHOICE_TAKEN else 400)


@pytest.mark.parametrize("target", ["whole event", "property"])
@pytest.mark.parametrize("name", [name for name in JSON_SUITE if name.startswith("parsing/y_")])
def test_any_json_is_an_answered_event_or_a_kept_property(bench: Bench, name: str, target: str) -> None:
    value = JSON_SUITE[name]
    if target == "whole event":
        body = b'{"events":[' + value + b"]}"
    else:
        body = b'{"event":"x","visitor_id":"v","properties":{"a":' + value + b"}}"

    assert answer(bench, body) == 202


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_a_naughty_string_is_kept_exactly_or_refused_by_name(bench: Bench, text: str) -> None:
    """In every text field; as visitor; as header, key, query, path and method."""
    page = {"url": text, "title": text, "referrer": text}
    event = PAGE_VIEW | {
        "page": page,
        "search_term": text,
        "user_id": text,
        "properties": {text: text, "a": [text]},
    }
    events = [event, PAGE_VIEW | {"visitor_id": text}, PAGE_VIEW | {"event": text}, {text: text}, text]

    status, body, _ = bench.post(gateway(events, headers={"user-agent": text, "referer": text}))

    assert status == 202
    accepted = [event for record in bench.records() for event in record["events"]]
    assert body["accepted"] == len(accepted) >= 1
    assert accepted[0]["page"] == page
    assert accepted[0]["properties"] == {text: text, "a": [text]}
    assert {one["reason"] for one in body["rejected"]} <= {"invalid_event", "not_an_object"}
    assert json.loads(bench.rows()[-1]["payload"]) == text
    assert [json.loads(line)["status"] for line in bench.log_lines if b'"message"' in line] == [202]


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_a_naughty_string_outside_the_body_has_an_answer(bench: Bench, text: str) -> None:
    asked: list[tuple[Any, set[int]]] = [
        (gateway(key=text), {401}),
        (gateway(path="/" + text), {404}),
        (gateway(method=text), {405}),
        (gateway(key=None, query=text), {401}),
        (gateway(query=f"key={text}&{text}"), {202}),
        (gateway(headers={"content-type": text}), {202, 415}),
        (gateway(headers={"content-encoding": text}), {202, 415}),
        (gateway(headers={"origin": text}), {202, 403}),
        (gateway(ip=text), {202}),
        (gateway("", method="GET", path="/v1/p.gif", query=f"key={KEY}&event={text}&{text}={text}"), {200}),
        (gateway(text), {202, 400}),
    ]
    for event, allowed in asked:
        assert bench.post(event)[0] in allowed
