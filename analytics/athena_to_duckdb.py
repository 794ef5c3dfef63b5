"""Translates Athena's SQL and types to DuckDB's.

sqlglot translates most of it. What it leaves to us, each with its reason, is rewritten on the syntax tree.
"""

import re
from functools import cache

import sqlglot
from sqlglot import exp


@cache
def to_duckdb(athena_sql: str) -> str:
    """One statement in Athena's dialect, for DuckDB.

    Raises:
        sqlglot.errors.ParseError: it is not valid there.
    """
    tree = sqlglot.parse_one(athena_sql, read="athena")
    return tree.transform(_rewrite).sql(dialect="duckdb")


@cache
def tables_in(athena_sql: str) -> frozenset[str]:
    """The names that a statement reads from, in lower case, those of its own WITH among them.

    Raises:
        sqlglot.errors.ParseError: it is not valid in Athena.
    """
    tree = sqlglot.parse_one(athena_sql, read="athena")
    return frozenset(table.name.lower() for table in tree.find_all(exp.Table))


def _rewrite(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Select):
        _unnest_before_joins(node)
    if isinstance(node, exp.Reduce):
        # DuckDB's list_reduce has no finishing function; ours is always the identity
        node.set("finish", None)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "map_agg":
        keys, values = (argument.copy() for argument in node.expressions)
        return exp.func("MAP", exp.func("LIST", keys), exp.func("LIST", values))
    return node


def _unnest_before_joins(select: exp.Select) -> None:
    """`FROM a … CROSS JOIN UNNEST(a.list) AS t (item)` → `FROM (SELECT *, unnest(list) AS item FROM a) AS a …`.

    DuckDB joins the former with itself, over the whole table: a condition on a day would then read every day.
    """
    source = select.find(exp.From)
    if source is None or source.parent is not select or not isinstance(source.this, exp.Table):
        return
    name = source.this.alias_or_name
    for join in list(select.args.get("joins") or ()):
        unnest = join.this
        if not isinstance(unnest, exp.Unnest) or len(unnest.expressions) != 1:
            continue
        (column,) = unnest.expressions
        alias = unnest.args.get("alias")
        if (
            not isinstance(column, exp.Column)
            or column.table != name
            or alias is None
            or len(alias.columns) != 1
        ):
            continue
        inner = exp.select(
            "*", exp.alias_(exp.Explode(this=exp.column(column.name)), alias.columns[0].copy())
        )
        source.set("this", inner.from_(source.this.copy()).subquery(name))
        select.args["joins"].remove(join)
        return


def duck_type(athena_type: str) -> str:
    """A column type of the contract, for example `array<struct<a:string,b:int>>`, in DuckDB's words."""
    text = athena_type.strip().lower()
    if text.startswith("array<"):
        return duck_type(text[6:-1]) + "[]"
    if text.startswith("struct<"):
        fields = (field.split(":", 1) for field in _split(text[7:-1]))
        return "STRUCT(" + ", ".join(f'"{name}" {duck_type(kind)}' for name, kind in fields) + ")"
    if re.fullmatch(r"decimal\(\d+, *\d+\)", text):
        return text.upper()
    return _SIMPLE[text]


_SIMPLE = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}


def _split(fields: str) -> list[str]:
    """Split at commas outside of brackets."""
    parts, depth, current = [], 0, ""
    for char in fields:
        depth += char in "<("
        depth -= char in ">)"
        if char == "," and not depth:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]
