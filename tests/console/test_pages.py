"""The console's pages: true figures, no text that can run, nothing from elsewhere."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

import console
from analytics.dashboards.catalogue import DASHBOARDS
from analytics.dashboards.data_sets import DATA_SETS
from console.advice import advice
from console.app import CSP
from console.pages.live import snapshot
from console.pages.trace import find
from console.questions import question
from console.source import Source
from console.translations import PT
from rastro.synthetic_shop import plan
from schemas import Reason
from tests.analytics import flow
from tests.console.pages import NOW, SHARD, client, raw, source

PAGES = ("/live", "/trace", "/sessions", "/refusals", "/dashboards", "/health")
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}javascript:alert(3)"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return source(flow.run(plan(5, 250, NOW), NOW), tmp_path_factory.mktemp("console"))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_and_loads_nothing_from_elsewhere(shop: Source, path: str):
    answer = client(shop).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CSP
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)
    assert not re.search(r"<script(?! src=)|<style|style=|\son[a-z]+=", answer.text), (
        "the policy would stop it"
    )


def test_portuguese_where_the_browser_prefers_it(shop: Source):
    one = client(shop)
    assert 'lang="pt-BR"' in one.get("/live", headers={"accept-language": "pt-BR,pt;q=0.9"}).text
    assert "Live</h1>" in one.get("/live", headers={"accept-language": "fr"}).text
    assert "Ao vivo</h1>" in one.get("/live?lang=pt", headers={"accept-language": "en"}).text


def test_what_is_said_of_an_event_of_a_session_is_a_list(tmp_path: Path):
    made = source(flow.run(plan(5, 50, NOW), NOW), tmp_path)
    store = made.tails.store
    visitor = store.newest_visitors(1)[0]
    opening = next(
        story
        for stories in store.sessions_of(visitor).values()
        for story in stories
        if story.columns["is_session_start"] and story.columns["is_late"]
    )
    record = raw({"event_id": opening.event_id, "event": "page_view"})
    for sequence, cell in (
        ("1", "late, opens"),
        ("2", "late, 1 copy, opens"),
        ("3", "late, 2 copies, opens"),
    ):
        store.take_raw(SHARD, sequence, NOW, record)
        assert f"<td>{cell}</td>" in client(made).get(f"/sessions?visitor={visitor}&lang=en").text


def test_every_word_is_there_in_portuguese():
    wanted = {dashboard.title for dashboard in DASHBOARDS}
    for dashboard in DASHBOARDS:
        wanted |= {control.title for control in dashboard.filter_controls}
        for visual in dashboard.visuals:
            asked = question(visual, DATA_SETS[visual.data], None, {})
            wanted |= {
                visual.title,
                *(name.replace("_", " ") for name in (*asked.dimensions, *asked.measures)),
            }
    folder = Path(console.__file__).parent
    for template in folder.rglob("*.html"):
        found = re.findall(r"""\bt\(\s*(?:"([^"]+)"|'([^']+)')\s*\)""", template.read_text(encoding="utf-8"))
        wanted |= {one or other for one, other in found}
    for module in folder.rglob("*.py"):
        wanted |= set(re.findall(r'\bwords\(\s*"((?:[^"\\]|\\.)+)"\s*\)', module.read_text(encoding="utf-8")))
    wanted |= {advice(reason) for reason in Reason}
    assert not sorted(wanted - set(PT))


def test_personal_data_are_masked_until_asked_for(shop: Source):
    event = {
        "event_id": "22222222-1111-4111-8111-111111111111",
        "event": "page_view",
        "user_id": "cliente-77",
        "page": {"url": "https://www.loja.example/?mail=ana%40loja.example&x=1"},
        "properties": {"email": "ana@loja.example", "note": "CPF 390.533.447-05, (11) 98765-4321"},
    }
    record = raw(event) | {"ip": "203.0.113.9"}
    shop.tails.store.take_raw(SHARD, "771", NOW, record)
    one = client(shop)
    secrets = ["ana%40loja.example", "ana@loja.example", "203.0.113.9", "390.533.447-05", "98765-4321"]
    for path in ("/trace", "/trace.json"):
        page = one.get(path, params={"id": event["event_id"]}).text
        assert not [secret for secret in (*secrets, "cliente-77") if secret in page]
    shown = one.get("/trace", params={"id": event["event_id"], "personal": "1"}).text
    assert not [secret for secret in secrets if secret not in shown]
    assert "390.533.447-05" in one.get("/trace", params={"id": event["event_id"]}).text, "the cookie keeps it"


def test_a_refused_request_says_what_to_change(shop: Source):
    line = {"request_id": "Xy1=", "status": 401, "reason": "unknown_key", "route": "/v1/events"}
    shop.tails.store.take_answer(line, NOW)
    for page in (client(shop).get("/refusals").text, client(shop).get("/trace", params={"id": "Xy1="}).text):
        assert "check X-Rastro-Key" in page
        assert "401" in page


def test_every_enriched_event_is_found_with_its_whole_way(shop: Source):
    for event_id in list(shop.tails.store.event_ids())[::7]:
        story = shop.tails.store.story(event_id)
        assert story is not None
        stages = [stop["stage"] for stop in find(shop, story.event_id)["stops"]]
        if story.enriched:
            assert {"enriched stream", "session", "Parquet", "view"} <= set(stages), (story.event_id, stages)
        else:
            assert stages == ["rejected table"] * len(story.rejected)


def test_the_way_of_a_copied_event(shop: Source):
    event = {"event_id": "11111111-1111-4111-8111-111111111111", "event": "page_view"}
    for sequence in ("1", "2"):
        shop.tails.store.take_raw(SHARD, sequence, NOW, raw(event))
    page = client(shop).get("/trace", params={"id": event["event_id"]}).text
    assert page.count('class="verdict copy"') == 1
    assert "the consumer has not put it" in page


def test_an_unknown_id_says_so(shop: Source):
    answer = client(shop).get("/trace", params={"id": HOSTILE})
    assert "Nothing was seen under this id." in answer.text
    assert "<script>alert" not in answer.text


def test_refusals_say_what_to_change(shop: Source):
    page = client(shop).get("/refusals").text
    groups = shop.tails.store.refusals.groups()
    assert groups
    for group in groups:
        assert group.subject.reason in page


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_a_dashboard_shows_every_visual_and_no_error(shop: Source, dashboard: Any):
    page = client(shop).get(f"/dashboards/{dashboard.name}").text
    for visual in dashboard.visuals:
        assert visual.title in page
    assert "Error" not in page


def test_a_figure_is_what_the_view_gives(shop: Source):
    page = client(shop).get("/dashboards/overview").text
    shown = dict(re.findall(r'<span>([^<]+)</span><p class="kpi">([^<]+)</p>', page))
    orders, sessions = shop.lake.rows(
        "SELECT sum(orders) AS orders, count(*) AS sessions FROM sessions WHERE NOT is_bot"
        " AND session_date BETWEEN DATE '2026-10-23' AND DATE '2026-11-21'"
    )[0].values()
    assert shown["Orders"] == f"{orders:,}"
    assert shown["Sessions"] == f"{sessions:,}"


def test_an_address_says_what_was_chosen(shop: Source):
    page = client(shop).get("/dashboards/overview?from=2020-01-01&to=2020-01-02").text
    assert "No data in this period." in page
    assert 'value="2020-01-01"' in page
    assert client(shop).get("/dashboards/overview?from=nonsense").status_code == 200


def test_a_visual_as_csv(shop: Source):
    number = next(
        i for i, visual in enumerate(DASHBOARDS[0].visuals) if visual.title == "Sessions by country"
    )
    answer = client(shop).get(f"/dashboards/overview/{number}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows
    assert set(rows[0]) == {"geo_country", "sessions"}
    assert client(shop).get("/dashboards/overview/99.csv").status_code == 404
    assert client(shop).get("/dashboards/none").status_code == 404


def test_hostile_texts_are_shown_and_never_run(tmp_path: Path):
    run = flow.run(plan(5, 40, NOW), NOW)
    names = {
        "page_path",
        "page_url",
        "page_title",
        "visitor_id",
        "user_id",
        "channel",
        "geo_city",
        "geo_country",
        "item_name",
        "search_term",
        "device_class",
        "session_id",
        "transaction_id",
        "bot_name",
        "event_name",
    }
    for row in run.rows:
        row.update({name: HOSTILE for name in names if name in row and row[name] is not None})
    for row in run.rejected:
        row.update({"detail": HOSTILE, "payload": HOSTILE, "event_id": HOSTILE, "site": HOSTILE})
    hostile = source(run, tmp_path)
    one = client(hostile)
    page_paths = [*PAGES, f"/trace?id={HOSTILE}", f"/sessions?visitor={HOSTILE}"]
    page_paths += [f"/dashboards/{dashboard.name}" for dashboard in DASHBOARDS]
    for path in page_paths:
        page = one.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "49" not in re.findall(r"\{\{7\*7\}\}|49javascript", page), path


def test_on_any_other_address_a_token_is_needed(shop: Source):
    one = client(shop, token="secret-of-this-run")
    assert one.get("/live").status_code == 403
    assert one.get("/live?token=wrong").status_code == 403
    let_in = one.get("/live?token=secret-of-this-run")
    assert let_in.status_code == 307
    assert "token" not in let_in.headers["location"]
    assert one.get("/live").status_code == 200


def test_one_click_replays_and_only_from_its_own_pages(shop: Source):
    asked: list[tuple[str, int, int, bool]] = []

    def recover(*args: Any) -> str:
        asked.append(args)
        return "recover: 3 <found>"

    one = client(shop._replace(recover=recover))
    reason = next(
        group.subject.reason
        for group in shop.tails.store.refusals.groups()
        if group.subject.stage != "request"
    )
    assert f'value="{reason}"' in one.get("/refusals").text
    own = {"origin": "http://127.0.0.1"}
    assert one.post("/refusals", data={"reason": reason}).status_code == 403
    assert (
        one.post("/refusals", data={"reason": reason}, headers={"origin": "https://x.example"}).status_code
        == 403
    )
    assert not asked
    assert "3 &lt;found&gt;" in one.post("/refusals", data={"reason": reason, "do": "look"}, headers=own).text
    one.post("/refusals", data={"reason": reason, "do": "recover"}, headers=own)
    assert [(call[0], call[3]) for call in asked] == [(reason, True), (reason, False)]
    assert asked[0][1] <= asked[0][2]
    assert one.post("/refusals", data={"reason": "none"}, headers=own).status_code == 404
    assert client(shop).post("/refusals", data={"reason": reason}, headers=own).status_code == 404, (
        "only reads"
    )


def test_a_name_that_leads_here_from_elsewhere_is_refused(shop: Source):
    assert client(shop).get("/live", headers={"host": "rebound.example"}).status_code == 400


def test_first_load_is_light(shop: Source):
    one = client(shop)
    paths = [
        "/live",
        *(f"/static/{name}" for name in ("console.css", "uplot.css", "uplot.js", "live.js", "chart.js")),
    ]
    total = 0
    for path in paths:
        with one.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
            total += sum(len(chunk) for chunk in answer.iter_raw())
    assert total <= 100_000, total


def test_a_message_of_the_live_page(shop: Source):
    document, number = snapshot(shop, 0)
    assert len(document["seconds"]["at"]) == len(document["seconds"]["accepted"])
    assert 0 < len(document["rows"]) <= 60
    again, _ = snapshot(shop, number)
    assert again["rows"] == []
