"""docs/faults.md out of the results."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.system.faults.result import Result, read

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"

HEAD = (Path(__file__).parent / "page_head.md").read_text(encoding="utf-8")

TAIL = (Path(__file__).parent / "page_tail.md").read_text(encoding="utf-8")


def write() -> None:
    PAGE.write_text(text(read()), encoding="utf-8")


def text(results: Sequence[Result]) -> str:
    """The page. `results` in the order of their names."""
    good = sum(result.good for result in results)
    events = sum(result.events for result in results)
    lost = sum(result.lost + result.unkept for result in results)
    wrong = sum(result.sessions_wrong + result.lines_wrong for result in results)
    summary = (
        f"**{len(results)} scenarios, {good} without a finding; {events:,} events, {lost} lost, {wrong} wrong, "
        f"{sum(result.copies for result in results):,} copies in the landing table, "
        f"{sum(result.copies_in_views for result in results)} in the views.**"
    )
    parts = [HEAD, summary, ""]
    for group in dict.fromkeys(result.group for result in results):
        parts += _group(group, [result for result in results if result.group == group])
    parts += ["## What the operator saw", "", *_seen(results), "", TAIL]
    return "\n".join(parts)


def _group(group: str, results: Iterable[Result]) -> list[str]:
    title = group.replace("-", " ")
    lines = [f"## {title[:1].upper()}{title[1:]}", ""]
    lines += [
        "| scenario | events | POSTs by answer | lost | copies | wrong | fault, s | recovery, s | alarms |"
    ]
    lines += ["| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    return [*lines, *(_row(result) for result in results), ""]


def _row(result: Result) -> str:
    answers = ", ".join(f"{_answer(status)} {count}" for status, count in result.answers.items())
    given_up = result.refused + result.unknown
    alarms = ", ".join(result.alarms) or "none"
    if result.alarms_missing:
        alarms += f" **MISSING: {', '.join(result.alarms_missing)}**"
    cells = [
        f"{result.says}" + (f" **({'; '.join(result.surprises)})**" if result.surprises else ""),
        f"{result.events}" + (f" ({given_up} never taken)" if given_up else ""),
        answers,
        str(result.lost + result.unkept),
        f"{result.copies} → {result.copies_in_views}",
        str(result.sessions_wrong + result.lines_wrong),
        f"{result.fault_seconds:.0f}" if result.fault_seconds else "",
        f"{result.recovery_seconds:.0f}",
        alarms,
    ]
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def _answer(status: str) -> str:
    return "none:" if status == "0" else f"{status}:"


def _seen(results: Iterable[Result]) -> list[str]:
    lines = ["| scenario | log lines, the most frequent first | besides |", "| --- | --- | --- |"]
    for result in results:
        if result.seen or result.figures:
            besides = "; ".join(f"{name}: {_plain(value)}" for name, value in result.figures.items() if value)
            seen = "<br>".join(result.seen)
            lines.append("| " + " | ".join(_cell(one) for one in (result.says, seen, besides)) + " |")
    return lines


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items())
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
