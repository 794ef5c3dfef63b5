"""What Athena (engine 3) refuses although Trino, DuckDB or a parser takes it.

No Athena can be asked where this runs, so each rule is a sentence of AWS's or Trino's documentation that a program can
check, with its page. Pages without a host are of the Athena user guide (docs.aws.amazon.com/athena/latest/ug/). A
statement without violations may still be refused for what the data catalogue alone knows: columns, types, permissions.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

LONGEST_BYTES = 262_144
"""Bytes of one query string in UTF-8 (service-limits.html, "Query string length")."""

_ICEBERG_PROPERTIES = frozenset(
    (
        *("table_type", "format", "write_compression", "compression_level"),
        *("optimize_rewrite_data_file_threshold", "optimize_rewrite_delete_file_threshold"),
        *("optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes"),
        *("vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds"),
        *("vacuum_max_metadata_files_to_keep", "write_target_data_file_size_bytes"),
    )
)
"""Athena takes no other key for an Iceberg table (querying-iceberg-creating-tables.html)."""

_ICEBERG_TYPES = frozenset(
    (
        *("boolean", "int", "bigint", "double", "float", "decimal", "string", "binary", "date", "timestamp"),
        *("time", "uuid", "struct", "array", "list", "map"),
    )
)
"""querying-iceberg-supported-data-types.html; char, varchar, tinyint and smallint are not among them."""

_UNSUPPORTED = {
    "CALL": "stored procedures are not supported (other-notable-limitations.html)",
    "TRUNCATE": "TRUNCATE is not supported (unsupported-ddl.html)",
    "GRANT": "GRANT and REVOKE are not supported (unsupported-ddl.html)",
    "REVOKE": "GRANT and REVOKE are not supported (unsupported-ddl.html)",
    "SET": "session settings are not supported (unsupported-ddl.html)",
    "ANALYZE": "ANALYZE is not supported (unsupported-ddl.html)",
    "REFRESH": "materialized views are not supported (unsupported-ddl.html)",
    "LOCK": "LOCK is not supported (unsupported-ddl.html)",
}

_FUNCTIONS = frozenset(
    (Path(__file__).parent / "athena_functions.csv").read_text(encoding="utf-8").split()[1:]
)
"""Athena's functions are Trino's (functions.html); this is Trino's list without geometry and machine learning."""

_TIMED = frozenset(("now", "with_timezone", "at_timezone", "from_unixtime_nanos", "parse_datetime"))
"""Functions whose value has a time zone (trino.io/docs/current/functions/datetime.html)."""

_MAPS = frozenset(
    (
        "map",
        "map_agg",
        "map_concat",
        "map_filter",
        "map_union",
        "map_from_entries",
        "histogram",
        "split_to_map",
    )
)


_LITERAL = re.compile(r"'(?:[^']|'')*'")
_LITERAL_OR_COMMENT = re.compile(rf"({_LITERAL.pattern})|--[^\n]*\n?|/\*.*?\*/", re.DOTALL)


class Violation(NamedTuple):
    """`rule` is a short name, `message` what Athena refuses, with the page that says so."""

    rule: str
    message: str


def violations(sql: str, *, iceberg: Collection[str] = ()) -> list[Violation]:
    """What Athena would refuse in one statement; empty when nothing is known against it.

    `iceberg` names the tables (in lower case, without database) that UPDATE, DELETE and MERGE may change.
    """
    found = list(_of_text(sql))
    try:
        tree = sqlglot.parse_one(sql, read="athena")
        tokens = sqlglot.tokenize(sql, read="trino")
    except (ParseError, TokenError) as error:
        return [*found, Violation("syntax", f"not in Athena's grammar: {str(error).splitlines()[0]}")]
    for rule in _RULES:
        found += rule(tree, tokens, frozenset(iceberg))
    return found


def without_comments(sql: str) -> str:
    """The statement as it is sent: Athena need not read our prose, and a semicolon in it may count."""
    return _LITERAL_OR_COMMENT.sub(lambda found: found.group(1) or "", sql).strip()


def _of_text(sql: str) -> Iterator[Violation]:
    size = len(sql.encode())
    if size > LONGEST_BYTES:
        yield Violation(
            "length", f"{size} bytes; one query has at most {LONGEST_BYTES} (service-limits.html)"
        )
    if ";" in _LITERAL.sub("''", sql):
        yield Violation(
            "one-statement",
            "a semicolon, in a comment too: Athena runs one statement for each call and counts by semicolons",
        )
    if re.search(r"\blimit\s+\d+\s+offset\b", _LITERAL.sub("''", without_comments(sql)), re.IGNORECASE):
        yield Violation("offset-before-limit", "OFFSET stands before LIMIT (select.html, synopsis)")


def _unnest(tree: exp.Expr, _tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    """An array of rows gives one column of type row, not a column for each field, as open-source Trino makes."""
    for unnest in tree.find_all(exp.Unnest):
        alias = unnest.args.get("alias")
        if alias is None or not alias.columns:
            continue
        given = len(alias.columns)
        most = sum(2 if _is_map(array) else 1 for array in unnest.expressions)
        most += unnest.args.get("offset") is True  # where the parser has not taken the ordinal for itself
        if given > most:
            yield Violation(
                "unnest-rows",
                f"UNNEST names {given} columns where Athena has {most}: an array of rows is one column, "
                "name it t(item) and write item.field (rows-and-structs.html, waf-logs.html)",
            )


def _is_map(node: exp.Expr) -> bool:
    if isinstance(node, (exp.Map, exp.VarMap, exp.Cast)):
        return not isinstance(node, exp.Cast) or node.to.is_type("map")
    return _called(node) in _MAPS


def _called(node: exp.Expr) -> str:
    """The function's name in lower case; empty for what is no function."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _writes(tree: exp.Expr, _tokens: list[Token], iceberg: Collection[str]) -> Iterator[Violation]:
    if not isinstance(tree, (exp.Update, exp.Delete, exp.Merge)):
        return
    table = tree.this.name.lower()
    if table not in iceberg:
        yield Violation(
            "write-iceberg-only",
            f"{tree.key.upper()} changes Iceberg tables only, {table} is not one "
            "(querying-iceberg-updating-iceberg-table-data.html)",
        )


def _merge(tree: exp.Expr, _tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    if not isinstance(tree, exp.Merge):
        return
    for when in tree.args["whens"].expressions:
        then = when.args.get("then")
        if when.args.get("source"):
            yield Violation(
                "merge-by-source", "WHEN NOT MATCHED BY SOURCE is not supported (merge-into-statement.html)"
            )
        if any(isinstance(node, exp.Star) for node in then.find_all(exp.Star)):
            yield Violation(
                "merge-star", "UPDATE SET * and INSERT * are not supported (merge-into-statement.html)"
            )
        if isinstance(then, exp.Insert) and then.args.get("expression") is None:
            yield Violation("merge-values", "INSERT in a MERGE needs VALUES (merge-into-statement.html)")
        if isinstance(then, exp.Update):
            for change in then.expressions:
                if isinstance(change, exp.EQ) and isinstance(change.this, exp.Column) and change.this.table:
                    yield Violation(
                        "merge-qualified",
                        f"UPDATE SET {change.this.sql()}: the column stands alone (merge-into-statement.html)",
                    )


def _create(tree: exp.Expr, _tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    if not isinstance(tree, exp.Create):
        return
    if tree.find(exp.LikeProperty):
        yield Violation("create-like", "CREATE TABLE LIKE is not supported (other-notable-limitations.html)")
    if tree.kind == "TABLE" and tree.args.get("replace"):
        yield Violation(
            "create-or-replace-table", "only views can be replaced (create-view.html, create-table.html)"
        )
    if tree.find(exp.MaterializedProperty):
        yield Violation("materialized", "materialized views are not supported (unsupported-ddl.html)")
    properties = {
        str(node.this.name).lower(): str(node.args["value"].name).lower()
        for node in tree.find_all(exp.Property)
        if type(node) is exp.Property
    }
    if properties.get("table_type") == "iceberg" and tree.expression is None:
        yield from _iceberg_table(tree, properties)
    if tree.expression is not None:
        yield from _stored_columns(tree)


def _iceberg_table(tree: exp.Create, properties: dict[str, str]) -> Iterator[Violation]:
    page = "(querying-iceberg-creating-tables.html)"
    for name in sorted(set(properties) - _ICEBERG_PROPERTIES):
        yield Violation("iceberg-property", f"table property {name} is refused {page}")
    if tree.find(exp.ExternalProperty):
        yield Violation("iceberg-external", f"an Iceberg table is made without EXTERNAL {page}")
    if not tree.find(exp.LocationProperty):
        yield Violation("iceberg-location", f"an Iceberg table needs a LOCATION {page}")
    for column in tree.find_all(exp.ColumnDef):
        kind = column.kind
        name = kind.sql(dialect="hive").lower() if kind is not None else ""
        for word in re.findall(r"[a-z]+(?=[<(,>]|$)", name):
            if word not in _ICEBERG_TYPES:
                yield Violation(
                    "iceberg-type",
                    f"column {column.name}: Iceberg in Athena has no type {word} "
                    "(querying-iceberg-supported-data-types.html)",
                )


def _stored_columns(tree: exp.Create) -> Iterator[Violation]:
    """Columns of a view or of CREATE TABLE AS are written into the Glue catalogue, which has Hive's types."""
    query = tree.expression
    for column in query.named_selects if isinstance(query, exp.Query) else ():
        if column == "":
            yield Violation(
                "unnamed-column", "every column of a view or a created table needs a name (create-view.html)"
            )
    for projection in query.selects if isinstance(query, exp.Query) else ():
        value = projection.this if isinstance(projection, exp.Alias) else projection
        if _has_time_zone(value):
            yield Violation(
                "stored-time-zone",
                f"{projection.alias_or_name}: the catalogue has no timestamp with time zone, cast it to timestamp "
                "(engine-versions-reference-0003.html, data-types.html)",
            )


def _has_time_zone(value: exp.Expr) -> bool:
    if isinstance(value, (exp.AtTimeZone, exp.CurrentTimestamp, exp.UnixToTime, exp.FromISO8601Timestamp)):
        return True
    if isinstance(value, (exp.Add, exp.Sub, exp.Paren)):
        return _has_time_zone(value.this)
    return _called(value) in _TIMED


def _unsupported(tree: exp.Expr, tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    first = tokens[0].text.upper() if tokens else ""
    if first in _UNSUPPORTED:
        yield Violation("unsupported-statement", _UNSUPPORTED[first])
    if first == "INSERT" and len(tokens) > 1 and tokens[1].text.upper() == "OVERWRITE":
        yield Violation("insert-overwrite", "INSERT OVERWRITE is not supported (insert-into.html)")
    if first == "DESCRIBE" and len(tokens) > 1 and tokens[1].text.upper() in {"INPUT", "OUTPUT"}:
        yield Violation(
            "describe-input", "DESCRIBE INPUT and OUTPUT are not supported (other-notable-limitations.html)"
        )


def _foreign_syntax(tree: exp.Expr, tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    """Words of DuckDB, Snowflake or PostgreSQL that the parser understands and Trino's grammar does not have."""
    foreign = {
        TokenType.DCOLON: "x::type, write CAST(x AS type)",
        TokenType.ILIKE: "ILIKE, write lower(x) LIKE",
        TokenType.QUALIFY: "QUALIFY, put the window function into a sub-query",
        TokenType.ASOF: "ASOF JOIN",
        TokenType.PIVOT: "PIVOT",
        TokenType.UNPIVOT: "UNPIVOT",
        TokenType.ANTI: "ANTI JOIN, write NOT EXISTS",
        TokenType.SEMI: "SEMI JOIN, write EXISTS",
    }
    for token in tokens:
        if token.token_type in foreign:
            yield Violation("grammar", f"Trino's grammar has no {foreign[token.token_type]} (select.html)")
    for star in tree.find_all(exp.Star):
        if any(star.args.get(key) for key in ("except_", "except", "replace", "rename")):
            yield Violation("grammar", "Trino's grammar has no * EXCEPT, EXCLUDE or REPLACE (select.html)")
    for group in tree.find_all(exp.Group):
        if group.args.get("all"):
            yield Violation("grammar", "Trino's grammar has no GROUP BY ALL (select.html)")
    words = " ".join(token.text.upper() for token in tokens)
    if re.search(r"\bDISTINCT ON \(", words):
        yield Violation("grammar", "Trino's grammar has no DISTINCT ON (select.html)")


def _functions(tree: exp.Expr, tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    """A name before a bracket is a function, unless it names a table, its alias or a type."""
    names = {alias.name.lower() for alias in tree.find_all(exp.TableAlias)}
    names |= {table.name.lower() for table in tree.find_all(exp.Table)}
    names |= {column.name.lower() for column in tree.find_all(exp.ColumnDef)}
    if isinstance(tree, (exp.Command, exp.Create)) and tree.expression is None:
        return  # Hive's part of the grammar: transforms and types, no functions
    for token, following in itertools.pairwise(tokens):
        name = token.text.lower()
        called = token.token_type is TokenType.VAR and following.token_type is TokenType.L_PAREN
        if called and name not in names and name not in _FUNCTIONS:
            yield Violation("function", f"{name} is none of Athena's functions (functions.html)")


def _names(tree: exp.Expr, _tokens: list[Token], _iceberg: Collection[str]) -> Iterator[Violation]:
    """tables-databases-columns-names.html: lower case, digits and underscores; anything else must be quoted."""
    for created in tree.find_all(exp.Create):
        table = created.find(exp.Table)
        if table is not None and not re.fullmatch(r"[a-z0-9_]{1,255}", table.name):
            yield Violation(
                "name",
                f"{table.name}: names have lower-case letters, digits and underscores "
                "(tables-databases-columns-names.html)",
            )


_Rule = Callable[[exp.Expr, list[Token], Collection[str]], Iterator[Violation]]
_RULES: tuple[_Rule, ...] = (
    _unsupported,
    _unnest,
    _writes,
    _merge,
    _create,
    _foreign_syntax,
    _functions,
    _names,
)
