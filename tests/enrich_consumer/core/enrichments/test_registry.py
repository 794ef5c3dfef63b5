"""The list of enrichments, what it refuses, and what a failure costs."""

import json

import orjson
import pytest

from enrich_consumer.columns import main
from enrich_consumer.core import enrichments
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.engine.registry import select
from enrich_consumer.core.engine.runner import Runner
from enrich_consumer.core.enrichments import ENRICHMENTS, EnrichmentsError, References, columns
from enrich_consumer.settings import SettingsError, enrichment_names
from schemas import Column
from tests.support.records import CHROME, build, event, record, rows_of


def _spec(name, *provides, requires=(), step=None, redacts=()):
    return Enrichment(
        name,
        f"about {name}",
        tuple(Column(c, "string", c) for c in provides),
        requires,
        lambda _: step or Step(),
        redacts,
    )


def test_generated_files_are_fresh():
    assert main(["--check"]) == 0, "run: python -m enrich_consumer columns"


def test_every_column_has_one_writer_and_a_meaning():
    table = columns()
    assert len({column.name for column in table}) == len(table)
    assert all(column.writer and column.meaning.endswith(".") for column in table)


def test_every_need_is_given_before():
    assert select(None, ENRICHMENTS) == ENRICHMENTS


def test_an_unknown_name_stops_the_start():
    with pytest.raises(
        EnrichmentsError, match="no enrichment is called 'user_agnet'; there are: event_time, "
    ):
        build(References(), ["event_time", "user_agnet", "privacy"])


def test_a_required_one_cannot_be_left_out():
    with pytest.raises(EnrichmentsError, match="'privacy' cannot be left out"):
        build(References(), ["event_time"])


def test_a_need_that_nobody_gives_stops_the_start():
    with pytest.raises(EnrichmentsError, match="'late' needs column 'early'"):
        select(None, [_spec("late", requires=("early",)), _spec("first", "early")])


def test_two_writers_of_a_column_stop_the_start():
    with pytest.raises(EnrichmentsError, match="'a' has two writers: 'one' and 'two'"):
        select(None, [_spec("one", "a"), _spec("two", "a")])


@pytest.mark.parametrize("part", Step._fields[:-1])
def test_a_failure_costs_its_own_columns_and_what_it_guards(part):
    def good(*given):
        given[-1]["kept"] = "kept"
        given[-1]["guarded"] = "secret"

    def bad(*given):
        if part != "finalize":
            given[-1]["lost"] = "half done"
        raise RuntimeError

    specs = [
        _spec("good", "kept", "guarded", step=Step(**{"per_page" if part == "finalize" else part: good})),
        _spec("bad", "lost", step=Step(**{part: bad}), redacts=("guarded",)),
    ]
    rows = rows_of(Runner(specs, References()).enrich)(record({}, {}))
    assert [row["enrich_errors"] for row in rows] == [["bad"], ["bad"]]
    assert "lost" not in rows[0]
    assert "guarded" not in rows[0]
    assert rows[0]["kept"] == "kept"


def test_no_column_is_in_two_parts():
    """Whoever writes one in two parts makes a line with two values for it."""
    given = event(
        page={
            "url": "https://www.loja.example/p?utm_source=a&gclid=b",
            "title": "P",
            "referrer": "https://g.example/",
        },
        screen={"width": 390, "height": 844, "viewport_width": 390, "viewport_height": 700},
        language="pt-BR",
        consent={"analytics": True, "ads": True},
        user_id="c1",
        search_term="tênis",
        ecommerce={"currency": "BRL", "items": [{"item_id": "1", "price": 10.5}], "coupon": "X"},
        properties={"cor": "azul"},
    )
    made = enrichments.build(References(city=lambda _: {"country": {"iso_code": "BR"}}))
    (one,) = made(record(given, ip="203.0.113.9", user_agent=CHROME))
    names = [name for name, _ in json.loads(one.to_line(), object_pairs_hook=list)]
    assert len(names) == len(set(names)) > 45


def test_a_row_has_only_columns_of_the_table():
    (row,) = build(References())(record({"page": {"url": "https://www.loja.example/p/1?a=b"}}))
    assert set(row) <= {column.name for column in columns()}
    assert row["raw_sequence"] == "49590338271490256608559692538361571095921575989136588898"
    assert row["enrich_errors"] == []
    orjson.dumps(row)


def test_names_leave_columns_null():
    (row,) = build(References(), ["event_time", "privacy"])(
        record({"page": {"url": "https://www.loja.example/"}})
    )
    assert "page_url" not in row
    assert row["event_at"] is not None


def test_the_settings_name_enrichments():
    assert enrichment_names(None) is None
    assert enrichment_names(" ") is None
    assert enrichment_names("event_time, page,privacy") == ("event_time", "page", "privacy")
    with pytest.raises(SettingsError, match="RASTRO_ENRICHMENTS: no enrichment is called 'pgae'"):
        enrichment_names("event_time,pgae,privacy")
