"""Filling local tables again from the same landing files writes nothing: no snapshot, no file."""

from pathlib import Path

from analytics.tables import tables
from lake.iceberg import IcebergTables
from rastro.commands.tables import fill
from rastro.terminal.progress import Progress
from tests.analytics.flow import write_parquet
from tests.support.lake_rows import History


class _Progress(Progress):
    """What the jobs say that they changed."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    """A merge, an order with a refund, somebody signed in, somebody not, a session over midnight."""
    shop = History()
    shop.add("page_view", session="s1", user_id="ana")
    shop.add("session_merge", 1, session="s1", merged_session_id="s0")
    shop.add("page_view", 1, session="s0", channel="Email", utm_source="news")
    shop.purchase("P-1", 100, 2, session="s1")
    shop.add("refund", 3, session="s1", transaction_id="P-1", value=25.5)
    shop.add("page_view", 700, visitor="v2", session="s2")
    shop.add("page_view", 730, visitor="v2", session="s2")
    files = write_parquet(shop.rows, tmp_path / "landing")
    folder = tmp_path / "tables"
    progress = _Progress()
    fill(folder, files, progress)
    assert any(" sessions: " in line for line in progress.lines)
    before = {name: IcebergTables(folder).table(name).metadata_location for name in tables()}
    again = _Progress()
    fill(folder, files, again)
    assert again.lines == []
    assert {name: IcebergTables(folder).table(name).metadata_location for name in tables()} == before
