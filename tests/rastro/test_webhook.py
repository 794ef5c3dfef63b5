"""Cart messages on their way to a local webhook: the real bus client, the emulator's rule and queue, the courier."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from enrich_consumer.edges.aws.event_bus import EventBus
from rastro.local import emulator as local
from rastro.local import processes, webhook
from rastro.local.courier import Answer, Courier, pause
from rastro.local.stack import REPOSITORY
from rastro.terminal.errors import Problem
from tests.support.receiver import Call, Receiver, is_ours, receiver, row

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

KEY = b"a signing key"


def look_until(courier: Courier, done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "the courier does not deliver"
        courier.look(time.time())


@pytest.fixture(scope="module")
def own_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bus has a fixed name, so it needs an emulator of its own."""
    folder = tmp_path_factory.mktemp("webhook")
    running = local.start(folder / "data", folder / "log")
    yield running.endpoint
    running.stop()


@pytest.fixture(scope="module")
def made(own_emulator: str) -> webhook.Webhook:
    return webhook.make(lambda name: local.client(own_emulator, name), "http://127.0.0.1:9/carts")


def put(endpoint: str, made: webhook.Webhook, *rows: bytes) -> None:
    EventBus(local.client(endpoint, "events"), made.bus, KEY).put(rows)


def waiting(endpoint: str, queue: str) -> int:
    answer = local.client(endpoint, "sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    return sum(
        int(answer["Attributes"][f"ApproximateNumberOfMessages{which}"]) for which in ("", "NotVisible")
    )


def test_every_message_arrives_signed_however_often_the_receiver_fails(
    own_emulator: str, made: webhook.Webhook
) -> None:
    def judge(call: Call) -> int:
        """The first call has no answer, the second a 503, every third cart a 429 besides."""
        third = int(call.message["revision"]) == 3
        return {1: 0, 2: 503}.get(call.number, 429 if third and call.number == 3 else 202)

    with receiver(judge) as shop:
        courier = Courier(local.client(own_emulator, "sqs"), made.queue, made.undelivered, shop.url)
        put(own_emulator, made, *[row(n, revision=n % 3 + 1) for n in range(1, 13)])
        look_until(courier, lambda: len({call.message["row_id"] for call in shop.taken}) == 12)
        courier.look(time.time())
    assert len(shop.taken) == 12, "what was taken is not posted again"
    assert waiting(own_emulator, made.queue) == waiting(own_emulator, made.undelivered) == 0
    check = is_ours()
    for call in shop.calls:
        assert check(call.message, KEY)
        assert not check(call.message, b"another key")
        assert not check({**call.message, "value": "1.00"}, KEY)
        assert call.headers["x-rastro-signature"] == call.message["signature"]
        assert call.message["value"] == "21.00"


def test_a_refusal_is_not_repeated_and_is_kept(own_emulator: str, made: webhook.Webhook) -> None:
    with receiver(lambda _: 410) as shop:
        courier = Courier(local.client(own_emulator, "sqs"), made.queue, made.undelivered, shop.url)
        put(own_emulator, made, row(20))
        look_until(courier, lambda: waiting(own_emulator, made.undelivered) == 1)
        courier.look(time.time())
    assert len(shop.calls) == 1
    (message,) = local.client(own_emulator, "sqs").receive_message(QueueUrl=made.undelivered)["Messages"]
    assert json.loads(message["Body"]) == shop.calls[0].message


def test_after_a_day_without_a_good_answer_it_is_given_up_and_kept(
    own_emulator: str, made: webhook.Webhook
) -> None:
    before = waiting(own_emulator, made.undelivered)
    with receiver(lambda _: 503) as shop:
        courier = Courier(local.client(own_emulator, "sqs"), made.queue, made.undelivered, shop.url)
        put(own_emulator, made, row(21))
        deadline = time.monotonic() + 60
        while waiting(own_emulator, made.undelivered) == before:
            assert time.monotonic() < deadline
            courier.look(time.time() + 25 * 3600)
    assert waiting(own_emulator, made.queue) == 0


def test_a_courier_that_is_killed_in_the_middle_of_a_call_loses_nothing(
    own_emulator: str, made: webhook.Webhook, tmp_path: Path
) -> None:
    """It dies between the first answers and the end of the messages; another one posts again."""

    def start(shop: Receiver) -> int:
        command = [
            sys.executable,
            "-m",
            "rastro.local.courier",
            "--endpoint",
            own_emulator,
            "--url",
            shop.url,
        ]
        command += ["--queue", made.queue, "--undelivered", made.undelivered]
        return processes.launch(command, os.environ, tmp_path / "log", REPOSITORY)

    with receiver() as shop:
        shop.judge = lambda call: 503 if call.number == 1 else 202
        courier = start(shop)
        put(own_emulator, made, row(30), row(31))
        _wait(lambda: len(shop.calls) >= 2)
        processes.end(courier, grace=0.0)
        second = start(shop)
        try:
            _wait(lambda: len({call.message["row_id"] for call in shop.taken}) == 2)
        finally:
            processes.end(second, grace=0.0)


def _wait(done: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_pauses_grow_up_to_a_minute_and_the_receiver_may_ask_for_longer() -> None:
    assert [pause(tries, 0) for tries in (1, 2, 3, 6, 7, 185)] == [1, 2, 4, 32, 60, 60]
    assert (pause(1, 30), pause(1, 3600), pause(6, 5)) == (30, 60, 32)
    kinds = {status: Answer(status).is_worth_another for status in (0, 401, 407, 409, 429, 500, 503)}
    assert all(kinds.values())
    assert not any(Answer(status).is_worth_another for status in (301, 400, 403, 404, 410, 413))


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Problem, match="--webhook takes"):
        webhook.make(lambda _: None, "shop.example/hooks")
