"""Athena's refusals, each rule with a statement that it catches and one beside it that passes; then all SQL of ours."""

import pytest

from analytics import queries
from analytics.athena_dialect import LONGEST_BYTES, violations, without_comments
from analytics.dashboards import DATA_SETS
from infra.deploy import views

CAUGHT = [
    ("unnest-rows", "SELECT item_id FROM e CROSS JOIN UNNEST(e.items) AS item (item_id, price)"),
    ("unnest-rows", "SELECT a FROM e CROSS JOIN UNNEST(e.items) WITH ORDINALITY AS t (a, b, n)"),
    ("one-statement", "-- first this; then that\nSELECT 1 AS a"),
    ("one-statement", "SELECT 1 AS a;"),
    ("offset-before-limit", "SELECT a FROM t ORDER BY a LIMIT 5 OFFSET 2"),
    ("length", f"SELECT '{'x' * LONGEST_BYTES}' AS a"),
    ("syntax", "SELECT FROM WHERE"),
    ("write-iceberg-only", "DELETE FROM enriched WHERE visitor_id = 'x'"),
    ("write-iceberg-only", "UPDATE enriched SET site = 'x' WHERE true"),
    ("write-iceberg-only", "MERGE INTO enriched USING b ON enriched.x = b.x WHEN MATCHED THEN DELETE"),
    ("merge-star", "MERGE INTO ice USING b ON ice.x = b.x WHEN MATCHED THEN UPDATE SET *"),
    ("merge-star", "MERGE INTO ice USING b ON ice.x = b.x WHEN NOT MATCHED THEN INSERT *"),
    ("merge-by-source", "MERGE INTO ice USING b ON ice.x = b.x WHEN NOT MATCHED BY SOURCE THEN DELETE"),
    ("merge-qualified", "MERGE INTO ice USING b ON ice.x = b.x WHEN MATCHED THEN UPDATE SET ice.y = b.y"),
    ("create-like", "CREATE TABLE a LIKE b"),
    ("create-or-replace-table", "CREATE OR REPLACE TABLE a AS SELECT 1 AS b"),
    ("unnamed-column", "CREATE OR REPLACE VIEW a AS SELECT count(*) FROM t"),
    ("stored-time-zone", "CREATE OR REPLACE VIEW a AS SELECT current_timestamp AS at FROM t"),
    ("stored-time-zone", "CREATE OR REPLACE VIEW a AS SELECT x AT TIME ZONE 'UTC' AS at FROM t"),
    ("stored-time-zone", "CREATE TABLE a AS SELECT from_iso8601_timestamp(x) AS at FROM t"),
    (
        "iceberg-property",
        "CREATE TABLE a (b string) LOCATION 's3://c/d' TBLPROPERTIES ('table_type'='ICEBERG', 'owner'='x')",
    ),
    (
        "iceberg-external",
        "CREATE EXTERNAL TABLE a (b string) LOCATION 's3://c/d' TBLPROPERTIES ('table_type'='ICEBERG')",
    ),
    ("iceberg-location", "CREATE TABLE a (b string) TBLPROPERTIES ('table_type'='ICEBERG')"),
    (
        "iceberg-type",
        "CREATE TABLE a (b smallint) LOCATION 's3://c/d' TBLPROPERTIES ('table_type'='ICEBERG')",
    ),
    ("unsupported-statement", "CALL system.flush_metadata_cache()"),
    ("unsupported-statement", "TRUNCATE TABLE a"),
    ("insert-overwrite", "INSERT OVERWRITE TABLE a SELECT 1 AS b"),
    ("grammar", "SELECT a::int AS a FROM t"),
    ("grammar", "SELECT a FROM t WHERE a ILIKE 'x%'"),
    ("grammar", "SELECT * EXCLUDE (a) FROM t"),
    ("grammar", "SELECT a, count(*) AS n FROM t GROUP BY ALL"),
    ("grammar", "SELECT DISTINCT ON (a) a, b FROM t"),
    ("function", "SELECT list_filter(a, x -> x > 1) AS a FROM t"),
    ("function", "SELECT ifnull(a, 1) AS a FROM t"),
    ("function", "SELECT epoch_ms(a) AS a FROM t"),
    ("name", 'CREATE OR REPLACE VIEW "my-view" AS SELECT 1 AS a'),
]
PASSES = [
    "SELECT item.item_id FROM e CROSS JOIN UNNEST(e.items) AS t (item)",
    "SELECT item.item_id, n FROM e CROSS JOIN UNNEST(e.items) WITH ORDINALITY AS t (item, n)",
    "SELECT k, v FROM e CROSS JOIN UNNEST(map_agg(e.a, e.b)) AS t (k, v)",
    "SELECT a, b FROM e CROSS JOIN UNNEST(e.a, e.b) AS t (a, b)",
    "SELECT ';' AS a -- no semicolon here",
    "SELECT a FROM t ORDER BY a OFFSET 2 LIMIT 5",
    "DELETE FROM ice WHERE visitor_id = 'x'",
    "MERGE INTO ice USING b ON ice.x = b.x WHEN MATCHED THEN UPDATE SET y = b.y",
    "MERGE INTO ice USING b ON ice.x = b.x WHEN NOT MATCHED THEN INSERT (x, y) VALUES (b.x, b.y)",
    "CREATE OR REPLACE VIEW a AS SELECT CAST(current_timestamp AS timestamp) AS at, count(*) AS n FROM t",
    "CREATE TABLE a (b decimal(9,4), d array<struct<e:int>>) LOCATION 's3://c' TBLPROPERTIES ('table_type'='ICEBERG')",
    "CREATE TABLE a (b string) PARTITIONED BY (day(at)) LOCATION 's3://c' TBLPROPERTIES ('table_type'='ICEBERG')",
    "WITH x (a, b) AS (SELECT 1, 2) SELECT a, b FROM x",
    "SELECT steps.step FROM (VALUES (1, 'a')) AS steps (n, step)",
    "SELECT reduce(a, 0, (s, x) -> s + x, s -> s) AS a FROM t",
    "OPTIMIZE ice REWRITE DATA USING BIN_PACK WHERE dt >= '2026-11-01'",
    "VACUUM ice",
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sql"), CAUGHT)
def test_what_athena_refuses_is_caught(rule: str, sql: str) -> None:
    assert rule in {violation.rule for violation in violations(sql, iceberg={"ice"})}


@pytest.mark.parametrize("sql", PASSES)
def test_what_athena_takes_passes(sql: str) -> None:
    assert violations(sql, iceberg={"ice"}) == []


@pytest.mark.parametrize("name", queries.VIEWS)
def test_every_view_is_athenas(name: str) -> None:
    assert violations(views.statement(name)) == []


@pytest.mark.parametrize("name", queries.REPORTS)
def test_every_report_is_athenas(name: str) -> None:
    assert violations(without_comments(queries.report(name).sql)) == []


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_data_set_is_athenas(name: str) -> None:
    assert violations(DATA_SETS[name].sql) == []


def test_comments_go_and_literals_stay() -> None:
    sql = "-- one; two\nSELECT '--; it''s' AS a, /* ; */ b\nFROM t -- end"
    assert without_comments(sql) == "SELECT '--; it''s' AS a,  b\nFROM t"
