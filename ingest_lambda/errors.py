"""The two refusals of ingest: of a whole request, and of one event."""

from http import HTTPStatus

from schemas import Reason


class RequestRefused(Exception):  # noqa: N818 - the verdict on a request, not an error of this program
    """Nothing of the request is taken. Becomes the response; `retry_after` is in seconds."""

    def __init__(
        self, status: HTTPStatus, reason: Reason, detail: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(status, reason, detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


class MethodNotAllowed(RequestRefused):
    """The route takes `methods`, and not this one."""

    def __init__(self, detail: str, methods: tuple[str, ...]) -> None:
        super().__init__(HTTPStatus.METHOD_NOT_ALLOWED, Reason.METHOD_NOT_ALLOWED, detail)
        self.methods = methods


class EventRejected(Exception):  # noqa: N818 - the verdict on one event
    """One event is not taken: it goes to the rejected table, and the others of its request go on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
