"""Statements of Athena that make the tables, give them new columns, and keep their files in order."""

from collections.abc import Collection

from analytics.tables.schema import tables

SNAPSHOT_DAYS = 5
"""How long a replaced row can still be read under an older snapshot; VACUUM takes what is older off the bucket."""


def create(name: str, location: str) -> str:
    """CREATE TABLE for one of `tables()`. `location`: `s3://bucket/prefix/`, the tables lie in folders of it."""
    table = tables()[name]
    columns = ",\n  ".join(f"{column} {kind}" for column, kind in table.columns.items())
    partitioned = f"\nPARTITIONED BY ({table.partition})" if table.partition else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {name} (\n  {columns}\n){partitioned}\nLOCATION '{location}{name}/'\n"
        "TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd',"
        f" 'vacuum_max_snapshot_age_seconds' = '{SNAPSHOT_DAYS * 86_400}')"
    )


def add_columns(name: str, existing: Collection[str]) -> str | None:
    """ALTER TABLE for the columns that the contract has and the table has not; None where there are none."""
    missing = {column: kind for column, kind in tables()[name].columns.items() if column not in existing}
    if not missing:
        return None
    return f"ALTER TABLE {name} ADD COLUMNS ({', '.join(f'{column} {kind}' for column, kind in missing.items())})"


def optimize(name: str) -> str:
    """Small files of the newest days into large ones, rows that were deleted or replaced out of them. `:dt`: a day."""
    column = tables()[name].partition
    where = f" WHERE {column} >= DATE ':dt' - INTERVAL '9' DAY" if column else ""
    return f"OPTIMIZE {name} REWRITE DATA USING BIN_PACK{where}"


def vacuum(name: str) -> str:
    """Old snapshots and files that no snapshot names off the bucket."""
    return f"VACUUM {name}"
