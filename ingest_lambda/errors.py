"""The two ways in which ingest says no."""

from http import HTTPStatus

from schemas import Reason


class Refuse(Exception):  # noqa: N818 - it is a verdict on a request, not an error of ours
    """Nothing of the request is taken; becomes the answer. `retry_after` is in seconds."""

    def __init__(
        self, status: HTTPStatus, reason: Reason, detail: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(status, reason, detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


class RejectEvent(Exception):  # noqa: N818 - it is a verdict on one event
    """One event is not taken; it goes to the rejected table and the others go on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
