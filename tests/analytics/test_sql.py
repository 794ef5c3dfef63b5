"""The SQL parses, divides no whole numbers and reads what is there; test_athena_dialect.py asks what Athena refuses."""

from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from analytics import REPORTS, VIEWS, queries, report, view
from analytics.athena_to_duckdb import duck_type, to_duckdb
from analytics.dashboards import DATA_SETS

QUERIES = {
    **{f"view {name}": view(name).sql for name in VIEWS},
    **{f"report {name}": report(name).sql for name in REPORTS},
    **{f"data set {name}": data.sql for name, data in DATA_SETS.items()},
}


@pytest.mark.parametrize("name", QUERIES)
def test_one_select_that_parses(name: str) -> None:
    for dialect in ("athena", "trino"):
        (tree,) = sqlglot.parse(QUERIES[name], read=dialect)
        assert isinstance(tree, exp.Query)


@pytest.mark.parametrize("name", QUERIES)
def test_no_division_of_whole_numbers(name: str) -> None:
    """7/2 is 3 on Athena: what is divided is made a double first."""
    for division in sqlglot.parse_one(QUERIES[name], read="athena").find_all(exp.Div):
        above = division.this.unnest()
        is_double = isinstance(above, exp.Cast) and above.to.is_type("double")
        assert is_double or above.find(exp.TimeToUnix), division.sql()


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_tables_and_earlier_views_only(name: str) -> None:
    tree = sqlglot.parse_one(view(name).sql, read="athena")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    assert read <= {
        "enriched",
        "rejected",
        "session_ends",
        "cart_events",
        "separations",
        *VIEWS[: VIEWS.index(name)],
    }


def test_every_file_is_listed_and_says_what_it_is_for() -> None:
    for folder, names, read in (("views", VIEWS, view), ("reports", REPORTS, report)):
        files = {path.stem for path in (Path(queries.FOLDER) / folder).glob("*.sql")}
        assert files == set(names)
        assert all(len(read(name).about) > 20 for name in names)


def test_merge_chains_are_followed_to_their_end() -> None:
    sql = (
        "SELECT reduce(map_keys(m), 'a', (id, step) -> coalesce(element_at(m, id), id), id -> id) AS x FROM t"
    )
    with duckdb.connect() as database:
        database.execute("CREATE TABLE t AS SELECT MAP(['c', 'a', 'b'], ['d', 'b', 'c']) AS m")
        assert database.execute(to_duckdb(sql)).fetchall() == [("d",)]


@pytest.mark.parametrize(
    ("athena", "duck"),
    [
        ("string", "VARCHAR"),
        ("array<string>", "VARCHAR[]"),
        ("decimal(18,4)", "DECIMAL(18,4)"),
        (
            "array<struct<a:string,b:decimal(18,4),c:array<int>>>",
            'STRUCT("a" VARCHAR, "b" DECIMAL(18,4), "c" INTEGER[])[]',
        ),
    ],
)
def test_types(athena: str, duck: str) -> None:
    assert duck_type(athena) == duck
