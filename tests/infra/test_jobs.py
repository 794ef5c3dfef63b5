"""The state machines of the Iceberg tables: their expressions give the statements, their states lead somewhere."""

from datetime import date
from typing import Any

import pytest
from jsonata.jsonata import Jsonata

from analytics.athena_dialect import violations
from analytics.duckdb_tables import Tables
from analytics.tables import Window, fill, tables
from infra.stacks.jobs import machines

WINDOW = Window("2026-11-21", 7, 7, date(2026, 11, 20), date(2026, 11, 22))
INPUT = {name: value if isinstance(value, int) else str(value) for name, value in WINDOW._asdict().items()}


def _evaluate(template: str, given: dict[str, Any], **more: Any) -> Any:
    """A `{% ... %}` of the machine, with Step Functions' `$states` and the assigned variables."""
    expression = Jsonata(template.removeprefix("{%").removesuffix("%}").strip())
    for name, value in {"states": {"input": given}, **more}.items():
        expression.assign(name, value)
    return expression.evaluate(None)


def test_the_window_machine_runs_the_statements_in_their_order() -> None:
    machine = machines.window("rastro-dev", "rastro_dev")
    name, found = machine["StartAt"], []
    while name:
        state = machine["States"][name]
        found.append(_evaluate(state["Arguments"]["QueryString"], INPUT))
        name = state.get("Next")
    assert found[:-1] == [statement.of(WINDOW) for statement in fill()]
    assert "filled_hours" in found[-1]
    assert ":" not in found[-1].split("USING")[1].replace("::", "")


@pytest.mark.parametrize("run", ["hour", "night", "week"])
def test_a_run_ends_after_what_it_promises(run: str) -> None:
    states = machines.fill_tables("rastro-dev", "rastro_dev", "arn:window")["States"]
    start = next(
        (
            choice["Next"]
            for choice in states["which"]["Choices"]
            if _evaluate(choice["Condition"], {"run": run})
        ),
        states["which"]["Default"],
    )
    walked = [start]
    while "Next" in states[walked[-1]]:
        walked.append(states[walked[-1]]["Next"])
    assert states[walked[-1]]["End"]
    assert ("optimize_events" in walked) == (run != "hour")
    assert ("known_copies" in walked) == (run == "week")
    assert any(name.endswith("_fill") for name in walked)
    if run == "week":
        assert walked.index("known_copies_of_events") < walked.index("night_fill")


def test_every_statement_is_one_that_athena_takes() -> None:
    states = machines.fill_tables("w", "d", "arn")["States"] | machines.window("w", "d")["States"]
    sent = 0
    for state in states.values():
        if query := state.get("Arguments", {}).get("QueryString"):
            sql = _evaluate(query, INPUT)
            assert not sql.startswith("{%")
            assert violations(sql, iceberg=set(tables())) == [], sql[:80]
            sent += 1
    assert sent > 25


def test_only_hours_that_are_over_and_not_filled_are_filled(tmp_path: Any) -> None:
    lake = Tables()
    lake.database.execute(
        "INSERT INTO enriched (dt, hour) SELECT strftime(t, '%Y-%m-%d'), hour(t)"
        " FROM (SELECT now()::timestamp - i * INTERVAL 1 HOUR AS t FROM range(0, 100) AS r(i))"
    )
    found = lake.rows(machines.HOURS_TO_FILL)
    assert 60 < len(found) < 100
    first = found[0]
    lake.database.execute(
        "INSERT INTO filled_hours SELECT $dt, $hour", {"dt": first["dt"], "hour": first["first_hour"]}
    )
    assert lake.rows(machines.HOURS_TO_FILL) == found[1:]
    assert set(first) == set(INPUT)


def test_rows_of_a_query_become_windows() -> None:
    state = machines.fill_tables("w", "d", "arn")["States"]
    head = [{"VarCharValue": name} for name in INPUT]
    row = [{"VarCharValue": str(value)} for value in INPUT.values()]
    for rows, count in (([], 0), ([{"Data": row}], 1), ([{"Data": row}] * 3, 3)):
        result = {"ResultSet": {"Rows": [{"Data": head}, *rows]}}
        expression = state["hour_rows"]["Output"]["rows"].replace("$states.result", "$result")
        found = _evaluate(expression, {}, result=result)
        assert len(found) == count
    selector = state["hour_fill"]["ItemSelector"]
    context = {"Map": {"Item": {"Value": {"Data": row}}}}
    given = {
        name: _evaluate(text.replace("$states.context", "$context"), {}, context=context)
        for name, text in selector.items()
    }
    assert given == {name: str(value) for name, value in INPUT.items()}
