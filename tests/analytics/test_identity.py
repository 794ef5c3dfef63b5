"""Each sentence of docs/identity.md; and no join against the rule in many simulated households."""

import os
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from analytics.duckdb_tables import Tables
from tests.analytics.households import TILL, draw
from tests.support.lake_rows import History

DAY = 24 * 60
HOUSEHOLDS = 100_000 if os.environ.get("RASTRO_SOAK") else 1_500


@pytest.fixture
def shop() -> History:
    return History()


def ask(shop: History, folder: Path, sql: str, apart: tuple[tuple[str, str], ...] = ()) -> Any:
    lake = shop.lake(folder)
    for visitor, user in apart:
        lake.write(
            "INSERT INTO separations VALUES ('loja', ?, ?, now()::timestamp, 'a test')", [visitor, user]
        )
    try:
        return [tuple(row.values()) for row in lake.rows(sql)]
    finally:
        lake.close()


WHOSE = "SELECT session_id, person_id, rule FROM people ORDER BY session_id, valid_from"


def test_a_visit_before_and_after_a_sign_in_is_the_accounts_where_it_is_the_only_one(
    shop: History, tmp_path: Path
) -> None:
    shop.add("page_view", -DAY, session="s0")
    shop.add("page_view", 0, session="s1")
    shop.add("login", 1, session="s1", user_id="ana")
    shop.add("page_view", DAY, session="s2")
    assert ask(shop, tmp_path, WHOSE) == [
        ("s0", "user:ana", "only_account"),
        ("s1", "user:ana", "signed_in"),
        ("s2", "user:ana", "only_account"),
    ]


def test_a_second_account_takes_the_joins_of_other_visits_back(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", -DAY, session="s0")
    shop.add("login", 0, session="s1", user_id="ana")
    shop.add("login", DAY, session="s2", user_id="bia")
    assert ask(shop, tmp_path, WHOSE) == [
        ("s0", "visitor:v1", "several_accounts"),
        ("s1", "user:ana", "signed_in"),
        ("s2", "user:bia", "signed_in"),
    ]


def test_within_a_session_an_event_belongs_to_the_last_sign_in_before_it(
    shop: History, tmp_path: Path
) -> None:
    shop.add("page_view", 0)
    shop.add("login", 1, user_id="ana")
    shop.add("page_view", 2)
    shop.add("login", 3, user_id="bia")
    shop.add("page_view", 4)
    shop.add("login", 5, user_id="ana")
    found = ask(
        shop,
        tmp_path,
        "SELECT person_id, minute(valid_from), minute(valid_to) FROM people ORDER BY valid_from",
    )
    assert found == [("user:ana", 0, 3), ("user:bia", 3, 5), ("user:ana", 5, None)]


def test_an_account_joins_no_two_visitors_beyond_one_step(shop: History, tmp_path: Path) -> None:
    shop.add("login", 0, visitor="phone", session="s1", user_id="ana")
    shop.add("login", 1, visitor="tablet", session="s2", user_id="ana")
    shop.add("login", DAY, visitor="tablet", session="s3", user_id="bia")
    shop.add("page_view", 2 * DAY, visitor="tablet", session="s4")
    shop.add("login", 3, visitor="laptop", session="s5", user_id="bia")
    found = dict(ask(shop, tmp_path, "SELECT session_id, person_id FROM people"))
    assert found == {
        "s1": "user:ana", "s2": "user:ana", "s3": "user:bia", "s4": "visitor:tablet", "s5": "user:bia"
    }  # fmt: skip


@pytest.mark.parametrize(("visitors", "rule"), [(20, "only_account"), (21, "crowded_account")])
def test_an_account_at_more_than_20_visitors_joins_no_other_visit(
    visitors: int, rule: str, shop: History, tmp_path: Path
) -> None:
    for number in range(visitors):
        shop.add("login", number, visitor=f"v{number}", session=f"s{number}", user_id="till")
    shop.add("page_view", DAY, visitor="v0", session="other")
    assert ask(shop, tmp_path, "SELECT rule FROM people WHERE session_id = 'other'") == [(rule,)]
    found = ask(shop, tmp_path / "2", "SELECT DISTINCT visitors_of_account FROM identity_edges")
    assert found == [(visitors,)]


def test_a_separation_undoes_the_joins_of_its_pair_and_no_other(shop: History, tmp_path: Path) -> None:
    shop.add("login", 0, session="s1", user_id="ana")
    shop.add("page_view", DAY, session="s2")
    shop.add("login", 5, visitor="phone", session="s3", user_id="ana")
    found = ask(shop, tmp_path, WHOSE, apart=(("v1", "ana"),))
    assert found == [
        ("s1", "visitor:v1", "separated"),
        ("s2", "visitor:v1", "separated"),
        ("s3", "user:ana", "signed_in"),
    ]


def test_cookieless_visitors_and_bots_join_nothing(shop: History, tmp_path: Path) -> None:
    shop.add("login", 0, visitor="hash", session="s1", user_id="ana", visitor_kind="cookieless")
    shop.add("login", 1, visitor="robot", session="s2", user_id="ana", is_bot=True)
    assert ask(shop, tmp_path, WHOSE) == [("s1", "visitor:hash", "cookieless")]
    assert ask(shop, tmp_path / "2", "SELECT * FROM identity_edges") == []


def _journey(shop: History) -> None:
    """Ana's phone brings her by an advertisement, twice more she comes at home, where she buys."""
    ad = {"channel": "Paid Social", "utm_source": "instagram"}
    shop.add("page_view", -9 * DAY, visitor="phone", session="s1", **ad)
    shop.add("login", -9 * DAY + 1, visitor="phone", session="s1", user_id="ana")
    shop.add("page_view", -5 * DAY, session="s2", channel="Organic Search", referrer_source="google")
    shop.add("page_view", -3 * DAY, session="s3", channel="Direct")
    shop.add("page_view", -2 * DAY, session="s4", channel="Email", utm_source="news")
    shop.add("page_view", 0, session="s5", channel="Direct")
    shop.purchase("P-1", 100, 1, session="s5", user_id="ana")


def test_four_models_share_an_order_among_a_persons_visits(shop: History, tmp_path: Path) -> None:
    _journey(shop)
    found = ask(
        shop,
        tmp_path,
        "SELECT position, channel, first_share, last_share, round(linear_share, 3), round(position_share, 3),"
        " round(position_revenue, 2), days_before FROM touches ORDER BY position",
    )
    assert found == [
        (1, "Paid Social", 1, 0, 0.333, 0.4, 40, 9.001),
        (2, "Organic Search", 0, 0, 0.333, 0.2, 20, 5.001),
        (3, "Direct", 0, 0, 0, 0, 0, 3.001),
        (4, "Email", 0, 1, 0.333, 0.4, 40, 2.001),
        (5, "Direct", 0, 0, 0, 0, 0, 0.001),
    ]
    assert ask(shop, tmp_path / "2", "SELECT touches, first_channel, last_channel FROM attribution") == [
        (4, "Organic Search", "Email")  # of the visitor alone
    ]


def test_if_all_visits_were_direct_they_share_the_order(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", -DAY, session="s0", channel="Direct")
    shop.add("page_view", 0, channel="Direct")
    shop.purchase("P-1", 10, 1)
    sql = "SELECT first_share, last_share, linear_share, position_share FROM touches ORDER BY position"
    assert ask(shop, tmp_path, sql) == [(1, 0, 0.5, 0.5), (0, 1, 0.5, 0.5)]


def test_visitors_have_their_first_and_last_touch_and_what_they_bought(shop: History, tmp_path: Path) -> None:
    _journey(shop)
    sql = (
        "SELECT sessions, first_channel, first_source, last_channel, last_source, orders, currency, revenue, accounts"
        " FROM visitors WHERE visitor_id = 'v1'"
    )
    assert ask(shop, tmp_path, sql) == [(4, "Organic Search", "google", "Email", "news", 1, "BRL", 100, 1)]


def test_new_and_returning(shop: History, tmp_path: Path) -> None:
    shop.add("page_view", 0, session="s1")
    shop.add("page_view", 5, visitor="hash", session="s9", visitor_kind="cookieless")
    shop.add("page_view", 9, visitor="v2", session="s8")
    shop.purchase("P-1", 10, DAY, session="s2")
    sql = "SELECT visitor, sum(sessions), sum(orders) FROM new_and_returning GROUP BY 1 ORDER BY 1"
    assert ask(shop, tmp_path, sql) == [("new", 2, 0), ("returning", 1, 1), ("unknown", 1, 0)]


# --- households -----------------------------------------------------------------------------------------------------


def test_no_join_against_the_rule_in_simulated_households() -> None:
    """The rule once more, row by row: an account only where it signed in, or where it is the browser's only one."""
    sessions = list(draw(Random(16), HOUSEHOLDS))
    lake = Tables()
    seen = pa.Table.from_pylist([{k: v for k, v in row.items() if k != "who"} for row in sessions])
    lake.database.register("drawn", seen)
    lake.database.execute("INSERT INTO sessions BY NAME FROM drawn")
    people = lake.rows("SELECT * FROM people")
    accounts: dict[tuple[str, str], set[str]] = defaultdict(set)
    browsers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in sessions:
        if row["visitor_kind"] == "cookie" and not row["is_bot"]:
            for span in row["accounts"] or ():
                accounts[row["site"], row["visitor_id"]].add(span["user_id"])
                browsers[row["site"], span["user_id"]].add(row["visitor_id"])
    by_id = {row["session_id"]: row for row in sessions}
    rules: Counter[str] = Counter()
    against = []
    wrong_person = 0
    for row in people:
        visit = by_id[row["session_id"]]
        signed = {span["user_id"] for span in visit["accounts"] or ()}
        accounts_here = accounts[row["site"], row["visitor_id"]]
        user = row["user_id"]
        rules[row["rule"]] += 1
        allowed = user is None or (
            visit["visitor_kind"] == "cookie"
            and (
                user in signed
                or (not signed and accounts_here == {user} and len(browsers[row["site"], user]) <= 20)
            )
        )
        person = f"user:{user}" if user else f"visitor:{row['visitor_id']}"
        if not allowed or row["person_id"] != person:
            against.append(row)
        # the other way: nothing is left out that the rule joins
        only = len(accounts_here) == 1 and not signed and visit["visitor_kind"] == "cookie"
        if only and user is None and len(browsers[row["site"], next(iter(accounts_here))]) <= 20:
            against.append(row)
        wrong_person += row["rule"] == "only_account" and not user.startswith(visit["who"])
    assert against[:2] == []
    assert len({row["session_id"] for row in people}) == sum(not row["is_bot"] for row in sessions)
    assert rules.keys() == {
        *("signed_in", "only_account", "no_account", "several_accounts", "crowded_account", "cookieless")
    }
    assert max(len(browsers[site, TILL]) for site in ("loja", "outlet")) > 20
    print(
        f"{HOUSEHOLDS} households, {len(sessions)} sessions, {dict(rules)}, {len(against)} against the rule,"
    )
    print(f"{wrong_person} of {rules['only_account']} sessions joined by only_account were somebody else's")
