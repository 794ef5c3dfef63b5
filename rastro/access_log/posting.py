"""Post a log stretch by stretch, keeping a mark of how far it came."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from rastro.access_log import resume
from rastro.access_log.event import PageView
from rastro.access_log.requests import Batch, Shape, batches, stretches
from rastro.terminal.errors import Problem
from rastro.traffic.post import Answer, Pace, Target, post_in_lanes


class Outcome:
    """The ingest API's answers to everything posted in this run."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        self.rejected: set[str] = set()
        self.reasons: Counter[str] = Counter()

    def take(self, batch: Batch, answer: Answer) -> None:
        """Count one answer.

        Raises:
            Problem: the whole request was refused, which is the fault of key, site or URL.
        """
        if answer.status != 202:
            reason = answer.document.get("reason") or answer.document.get("error") or answer.document
            raise Problem(
                f"the API refuses the page views: {answer.status} {reason}; check the URL and the key"
            )
        out = {entry["index"]: entry["reason"] for entry in answer.document.get("rejected", [])}
        self.reasons.update(out.values())
        self.rejected.update(batch.event_ids[index] for index in out)
        self.accepted.update(event_id for i, event_id in enumerate(batch.event_ids) if i not in out)


def post_log(
    views: Iterable[PageView],
    shape: Shape,
    target: Target,
    mark: resume.Mark,
    mark_path: Path,
    *,
    rate: float,
    report: Callable[[int], None],
) -> tuple[Outcome, resume.Mark]:
    """Post what comes after `mark`. A stretch is marked when all of it is stored; `report` gets the page views so far.

    A stretch that was cut off is posted again as a whole the next time: its events keep their ids.
    """
    outcome = Outcome()
    pace = Pace(rate)
    for stretch in stretches(view for view in views if view.number > mark.through):
        requests = batches(stretch, shape)
        post_in_lanes(
            target,
            [batch.posting for batch in requests],
            lambda index, answer, requests=requests: outcome.take(requests[index], answer),  # type: ignore[misc] # mypy does not infer lambdas with defaults
            pause=pace,
        )
        mark = mark._replace(through=stretch[-1].number, posted=mark.posted + len(stretch))
        resume.write(mark_path, mark)
        report(mark.posted)
    return outcome, mark
