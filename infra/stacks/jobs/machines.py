"""The state machines in Amazon States Language, with JSONata. Pure: the statements of `analytics.tables` in order.

`window` fills one window, given as `{"dt", "first_hour", "last_hour", "since", "until"}`. `tables` finds the windows
to fill and runs `window` for one after the other: two runs at a time would only make each other's commits fail.
Nothing is remembered in between: whatever fails, the next run finds the same windows again.
"""

import json
from typing import Any

from analytics.tables import WINDOWS_OF_DAY, far_copies, fill, late_refunds, refreshed, tables
from analytics.tables.ddl import optimize, vacuum

Json = dict[str, Any]
_FIELDS = ("dt", "first_hour", "last_hour", "since", "until")

HOURS_TO_FILL = """SELECT l.dt, l.hour AS first_hour, l.hour AS last_hour,
  CAST(l.dt AS date) - INTERVAL '1' DAY AS since, CAST(l.dt AS date) + INTERVAL '1' DAY AS until
FROM (
  SELECT DISTINCT dt, hour FROM enriched
  WHERE dt >= date_format(current_timestamp AT TIME ZONE 'UTC' - INTERVAL '3' DAY, '%Y-%m-%d')
) AS l
LEFT JOIN filled_hours AS f ON f.dt = l.dt AND f.hour = l.hour
WHERE f.dt IS NULL
  AND date_add('hour', l.hour + 1, CAST(CAST(l.dt AS date) AS timestamp))
    < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '15' MINUTE
ORDER BY l.dt, l.hour"""
"""Hours of the last three days that are over and not filled; Firehose holds rows for up to a quarter of an hour."""

FILLED = """MERGE INTO filled_hours AS t
USING (SELECT ':dt' AS dt, h AS hour FROM UNNEST(sequence(:first_hour, :last_hour)) AS x (h)) AS n
ON t.dt = n.dt AND t.hour = n.hour
WHEN NOT MATCHED THEN INSERT (dt, hour) VALUES (n.dt, n.hour)"""

_RETRY = [
    {
        # a commit that another writer overtook, throttling, a node that failed: the statement may be repeated
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 30,
        "MaxAttempts": 4,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    }
]


def query_string(sql: str) -> str:
    """The statement as a JSONata expression: the window's values come from the state's input."""
    found = json.dumps(sql)
    for name in _FIELDS:
        if f":{name}" in sql:
            found = f"$replace({found}, ':{name}', $string($states.input.{name}))"
    return "{% " + found + " %}"


def window(workgroup: str, database: str) -> Json:
    """The machine that fills one window."""
    statements = [(statement.name, statement.sql) for statement in fill()] + [("filled_hours", FILLED)]
    return _chain([_query(name, sql, workgroup, database) for name, sql in statements])


def fill_tables(workgroup: str, database: str, window_arn: str) -> Json:
    """The machine that finds windows and fills them: `{"run": "hour"}`, or `"night"` and `"week"` with `"dt"`, a day;
    without one it is the day before."""
    yesterday = "$fromMillis($millis() - 86400000, '[Y0001]-[M01]-[D01]')"
    night = _flow(
        "night",
        [
            *(_query(s.name, s.sql, workgroup, database) for s in (*late_refunds(), *refreshed())),
            *(_query(f"optimize_{name}", optimize(name), workgroup, database) for name in tables()),
            *(_query(f"vacuum_{name}", vacuum(name), workgroup, database) for name in tables()),
        ],
        WINDOWS_OF_DAY,
        (workgroup, database, window_arn),
    )
    hour = _flow("hour", [], HOURS_TO_FILL, (workgroup, database, window_arn))
    copies = [_query(s.name, s.sql, workgroup, database) for s in far_copies()]
    states: Json = {
        "which": {
            "Type": "Choice",
            "Assign": {"dt": "{% $exists($states.input.dt) ? $states.input.dt : " + yesterday + " %}"},
            "Choices": [
                {"Condition": "{% $states.input.run = 'hour' %}", "Next": "hour_windows"},
                {"Condition": "{% $states.input.run = 'week' %}", "Next": "day_of_copies"},
            ],
            "Default": "day_of_night",
        },
        "day_of_copies": {"Type": "Pass", "Output": _DAY, "Next": copies[0][0]},
        "day_of_night": {"Type": "Pass", "Output": _DAY, "Next": "night_windows"},
    }
    states["which"]["Choices"] = [
        choice | {"Assign": states["which"]["Assign"]} for choice in states["which"]["Choices"]
    ]
    week = _chain([*copies])["States"]
    week[copies[-1][0]] = {k: v for k, v in week[copies[-1][0]].items() if k != "End"} | {
        "Next": "night_windows"
    }
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "which",
        "States": states | week | hour | night,
    }


_DAY = {
    "dt": "{% $dt %}",
    "first_hour": 0,
    "last_hour": 23,
    "since": "{% $dt %}",
    "until": "{% $dt %}",
}


def _flow(name: str, after: list[tuple[str, Json]], sql: str, where: tuple[str, str, str]) -> Json:
    """Find windows, fill one after the other, then the rest."""
    workgroup, database, window_arn = where
    find = f"{name}_windows"
    found = _query(find, sql, workgroup, database)[1] | {
        "Output": {
            "query": "{% $states.result.QueryExecution.QueryExecutionId %}",
            "day": "{% $states.input %}",
        },
        "Next": f"{name}_rows",
    }
    rows = {
        "Type": "Task",
        "Resource": "arn:aws:states:::athena:getQueryResults",
        "Arguments": {"QueryExecutionId": "{% $states.input.query %}", "MaxResults": 1000},
        "Output": {
            "rows": "{% [$states.result.ResultSet.Rows[[1..999]]] %}",
            "day": "{% $states.input.day %}",
        },
        "Retry": _RETRY,
        "Next": f"{name}_fill",
    }
    item = {
        field: f"{{% $states.context.Map.Item.Value.Data[{at}].VarCharValue %}}"
        for at, field in enumerate(_FIELDS)
    }
    one = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": window_arn, "Input": "{% $states.input %}"},
        "Output": {},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2}],
        "End": True,
    }
    each: Json = {
        "Type": "Map",
        "Items": "{% $states.input.rows %}",
        "ItemSelector": item,
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": f"{name}_window", "States": {f"{name}_window": one}},
        "Output": "{% $exists($states.input.day) ? $states.input.day : {} %}",
    }
    states: Json = {find: found, f"{name}_rows": rows, f"{name}_fill": each}
    if not after:
        each["End"] = True
        return states
    each["Next"] = after[0][0]
    rest: Json = _chain(after)["States"]
    return states | rest


def _query(name: str, sql: str, workgroup: str, database: str) -> tuple[str, Json]:
    return name, {
        "Type": "Task",
        "Resource": "arn:aws:states:::athena:startQueryExecution.sync",
        "Arguments": {
            "QueryString": query_string(sql),
            "WorkGroup": workgroup,
            "QueryExecutionContext": {"Database": database},
        },
        "Output": "{% $states.input %}",
        "Retry": _RETRY,
    }


def _chain(named: list[tuple[str, Json]]) -> Json:
    states = {
        name: state | ({"Next": named[at + 1][0]} if at + 1 < len(named) else {"End": True})
        for at, (name, state) in enumerate(named)
    }
    return {"QueryLanguage": "JSONata", "StartAt": named[0][0], "States": states}
