"""Files of a landing table written here, as Firehose writes them: Parquet, typed by the contract, by day of arrival."""

from pathlib import Path

import duckdb

from analytics.athena_to_duckdb import duck_type
from lake import layout
from schemas import Column


def write(lines: Path, folder: Path, columns: tuple[Column, ...], arrival: str, name: str) -> list[Path]:
    """Rows (JSON lines) → `folder/dt=…/hour=…/<name>.parquet`, one file for each day.

    `arrival`: the column with the time of arrival, which decides on the day. All hours of a day are one file, in
    hour 0: the day is what questions are cut by. The same lines give the same files.
    """
    kinds = {column.name: duck_type(column.type) for column in columns}
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        source = f"read_json(?, format = 'newline_delimited', columns = {kinds!r})"
        days = database.execute(
            f"SELECT DISTINCT strftime({arrival}, '%Y-%m-%d') FROM {source} ORDER BY 1",
            [str(lines)],
        ).fetchall()
        database.execute(
            f"CREATE TABLE rows AS SELECT * FROM {source}",
            [str(lines)],
        )
        files = []
        for (day,) in days:
            path = folder / f"{layout.DAY}={day}" / f"{layout.HOUR}=00" / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            database.execute(
                f"COPY (SELECT * FROM rows WHERE strftime({arrival}, '%Y-%m-%d') = '{day}')"
                f" TO '{path}' (FORMAT parquet, COMPRESSION gzip)"
            )
            files.append(path)
    return files
