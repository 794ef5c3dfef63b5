"""`python -m rastro.local.courier`: posts cart messages to a webhook, as an EventBridge API destination does on AWS.

A message leaves its queue when the receiver said 2xx. After no answer within five seconds, a broken connection, or the
statuses 401, 407, 409, 429 and 5xx it is tried again, later each time, for a day; after any other status, and after
that day, it goes to the queue of undelivered ones. So a message may come twice, and none is dropped.
"""

import argparse
import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from rastro.local import emulator

AT_ONCE = 10
"""Messages of one look into the queue, posted at the same time."""
WAIT_S = 2
TIMEOUT_S = 5.0
KEPT_S = 24 * 3600
LONGEST_PAUSE_S = 60
AGAIN = frozenset({401, 407, 409, 429})


class Answer(NamedTuple):
    """What became of a call. `status` 0: none came. `after`: seconds that the receiver asks to wait, 0: it does not."""

    status: int
    after: int = 0

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_worth_another(self) -> bool:
        return self.status == 0 or self.status in AGAIN or self.status >= 500


def post(url: str, body: str) -> Answer:
    """Post one message; an error is an answer with status 0. No redirect is followed, as on AWS."""
    signature = str(json.loads(body).get("signature", ""))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "rastro-local-courier",
        "x-rastro-signature": signature,
        "x-rastro-environment": "local",
    }
    # Whoever started the courier made sure that it is http or https.
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method="POST")  # noqa: S310 - the operator's own URL
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as response:
            return Answer(response.status)
    except urllib.error.HTTPError as error:
        asked = error.headers.get("retry-after", "")
        return Answer(error.code, int(asked) if asked.isdecimal() else 0)
    except (OSError, http.client.HTTPException):
        return Answer(0)


def pause(tries: int, after: int) -> int:
    """Seconds before the next call: doubled with each, or what the receiver asks for, a minute at the most."""
    doubled = 1 << min(tries - 1, 10)
    return min(LONGEST_PAUSE_S, max(after, doubled))


class Courier:
    """`sqs`: a client of the emulator; `queue`, `undelivered`: URLs of its queues; `url`: the receiver's."""

    def __init__(self, sqs: Any, queue: str, undelivered: str, url: str) -> None:
        self._sqs = sqs
        self._queue = queue
        self._undelivered = undelivered
        self._url = url
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def look(self, now: float) -> int:
        """Deliver what is in the queue now (epoch seconds); how many messages that were."""
        found = self._sqs.receive_message(
            QueueUrl=self._queue,
            MaxNumberOfMessages=AT_ONCE,
            WaitTimeSeconds=WAIT_S,
            AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        ).get("Messages", [])
        answers = self._pool.map(lambda message: post(self._url, message["Body"]), found)
        for message, answer in zip(found, answers, strict=True):
            self._settle(message, answer, now)
        return len(found)

    def _settle(self, message: dict[str, Any], answer: Answer, now: float) -> None:
        handle, attributes = message["ReceiptHandle"], message["Attributes"]
        is_old = now - int(attributes["SentTimestamp"]) / 1000 > KEPT_S
        if not answer.is_taken and answer.is_worth_another and not is_old:
            seconds = pause(int(attributes["ApproximateReceiveCount"]), answer.after)
            self._sqs.change_message_visibility(
                QueueUrl=self._queue, ReceiptHandle=handle, VisibilityTimeout=seconds
            )
            return
        if not answer.is_taken:  # first there, then away from here: never nowhere
            self._sqs.send_message(QueueUrl=self._undelivered, MessageBody=message["Body"])
            _say(f"given up after status {answer.status}: {message['Body'][:200]}")
        self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=handle)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def _say(what: str) -> None:
    print(f"{datetime.now(UTC).isoformat()} {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Runs until it is ended; an emulator that does not answer is reported, and asked again."""
    parser = argparse.ArgumentParser(prog="python -m rastro.local.courier", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="of the emulator")
    parser.add_argument("--queue", required=True, help="URL of the queue with messages")
    parser.add_argument("--undelivered", required=True, help="URL of the queue for those that are given up")
    parser.add_argument("--url", required=True, help="the webhook")
    args = parser.parse_args()
    courier = Courier(emulator.client(args.endpoint, "sqs"), args.queue, args.undelivered, args.url)
    while True:
        try:
            courier.look(time.time())
        except (BotoCoreError, ClientError) as error:
            _say(f"no look into the queue: {error}")
            time.sleep(1)


if __name__ == "__main__":
    main()
