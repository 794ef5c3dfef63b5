"""Start and stop the local stack. For the commands `up`, `down`, `demo`, and for tests.

with start(Path(".rastro")) as stack:
    post(f"{stack.facts.api_url}/v1/events", key=stack.facts.site_key, ...)
    stack.client("s3").list_objects_v2(Bucket=stack.facts.bucket)
"""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from enrich_consumer.settings import Settings
from rastro.local import deployment, emulator, info, processes, running
from rastro.local import webhook as webhooks
from rastro.local.info import LocalStackInfo
from rastro.terminal.errors import Problem
from schemas import parse_sites

REPOSITORY = Path(__file__).resolve().parents[2]
APPLICATION = "rastro-local"
STOP_SECONDS = 40.0
"""The consumer's time to hand over: KCL's own grace of about 20 s, then the daemon's end."""

_NEEDED_BYTES = 1 << 30  # the demo writes some tens of megabytes; a full disk breaks it in confusing ways


class LocalStack:
    """A running stack. Leaving the `with` block stops every process that `start` started."""

    def __init__(self, found: LocalStackInfo) -> None:
        self.facts = found

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, for example `client("kinesis")`."""
        return emulator.client(self.facts.aws_endpoint, service)

    def check(self) -> None:
        """Raise `Problem` with the last log lines if the emulator or the consumer has died."""
        alive = running.running(Path(self.facts.home))
        for name in self.facts.processes:
            if name not in alive:
                log = Path(self.facts.logs) / f"{name}.log"
                raise Problem(f"the {name} has ended; its log {log} says at last:\n{processes.tail(log)}")

    def stop(self) -> None:
        """Consumer first (it hands its leases over and saves), then the emulator; idempotent."""
        stop(Path(self.facts.home))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    home: Path = Path(".rastro"),
    *,
    consumer: bool = True,
    shop: bool = False,
    console: bool = False,
    port: int | None = None,
    report: Callable[[str], None] = print,
    consumer_env: Mapping[str, str] | None = None,
    webhook: str | None = None,
    persist: bool = False,
) -> LocalStack:
    """Start the emulator, deploy the synthesized `local` template, start the consumer, write local.json.

    `home`: everything the stack writes lies under it; two stacks need two homes. `port`: the
    emulator's, else a free one. `report` gets one line per step. `consumer_env` adds variables to the
    consumer's. `webhook`: a URL that cart events are posted to. `persist`: the emulator keeps what it holds over an end
    in order (rastro.local.emulator.start). `shop`, `console`: serve the demo shop and the
    console, too. What runs when this fails is stopped. Does not wait for the consumer's first lease, which KCL takes
    some 20 s for.

    Raises:
        Problem: the port is taken, the disk is full, a stack runs under `home` already, or a
            process died (with its last log lines).
    """
    home = home.resolve()
    logs = home / "logs"
    _refuse_second(home)
    try:
        _prepare(home)
        facts = _start(home, logs, consumer, port, report, consumer_env or {}, webhook, persist)
        if shop:
            facts = _with_shop(facts, report)
        if console:
            facts = _with_console(facts, report)
        info.write(facts, home)  # last: who finds it finds everything running
        return LocalStack(facts)
    except OSError as error:
        stop(home)
        if error.errno == errno.ENOSPC:
            raise Problem(
                f"no space left on the disk of {home}; free some or choose another --home"
            ) from None
        raise
    except BaseException:
        stop(home)
        raise


def stop(home: Path) -> bool:
    """Stop what runs under `home`; False if nothing did."""
    home = home.resolve()
    alive = running.running(home)
    for name, grace in (
        ("shop", 1.0),
        ("ticker", 1.0),
        ("courier", 1.0),
        ("console", 3.0),
        ("consumer", STOP_SECONDS),
        ("emulator", 5.0),
    ):
        if name in alive:
            processes.end(alive[name], grace)
    running.forget(home)
    info.path_of(home).unlink(missing_ok=True)
    return bool(alive)


def _start(
    home: Path,
    logs: Path,
    consumer: bool,
    port: int | None,
    report: Callable[[str], None],
    consumer_env: Mapping[str, str],
    webhook: str | None,
    persist: bool,
) -> LocalStackInfo:
    report("emulator: starting")
    aws = emulator.start(home / "emulator", logs / "emulator.log", port, persist=persist)
    running.note(home, "emulator", aws.pid)
    report(f"emulator: {aws.endpoint}")
    report("template: synthesizing")
    folder = deployment.synthesize()
    outputs = deployment.deploy(folder, aws, report)
    found = _facts(outputs, home, logs, aws)
    if consumer:
        bus = None if webhook is None else webhooks.make(aws.client, webhook)
        env = {
            **os.environ,
            **consumer_environment(found),
            **(
                {}
                if bus is None
                else {"RASTRO_CART_BUS": bus.bus, "RASTRO_CART_SIGNING_KEY": bus.signing_key}
            ),
            **consumer_env,
        }
        command = [sys.executable, "-m", "enrich_consumer", "kcl", "--folder", str(home / "consumer")]
        pid = processes.launch(command, env, logs / "consumer.log", cwd=REPOSITORY)
        running.note(home, "consumer", pid)
        found.processes["consumer"] = pid
        report(f"consumer: starting, its log is {logs / 'consumer.log'}")
        start_ticker(found)
        if bus is not None and webhook is not None:
            start_courier(found, bus, webhook)
            report(f"webhook: cart events go to {webhook}, signed with {bus.signing_key}")
    return found


def _with_shop(facts: LocalStackInfo, report: Callable[[str], None]) -> LocalStackInfo:
    """Start the demo shop before the stack's API."""
    home, log = Path(facts.home), Path(facts.logs) / "shop.log"
    port = emulator.free_port()
    command = [sys.executable, "-m", "rastro.demo_shop", "--api-url", facts.api_url, "--key", facts.site_key]
    command += ["--port", str(port), "--payment-port", str(emulator.free_port())]
    pid = processes.launch(command, os.environ, log, cwd=REPOSITORY)
    running.note(home, "shop", pid)
    facts.processes["shop"] = pid
    facts = facts._replace(shop_url=f"http://127.0.0.1:{port}")
    report(f"shop: {facts.shop_url}")
    return facts


def _with_console(facts: LocalStackInfo, report: Callable[[str], None]) -> LocalStackInfo:
    """Start the operator's console, which waits for local.json."""
    home, port = Path(facts.home), emulator.free_port()
    command = [sys.executable, "-m", "rastro", "console", "--home", str(home), "--port", str(port)]
    command += ["--wait", "60"]
    pid = processes.launch(command, os.environ, Path(facts.logs) / "console.log", cwd=REPOSITORY)
    running.note(home, "console", pid)
    facts.processes["console"] = pid
    facts = facts._replace(console_url=f"http://127.0.0.1:{port}")
    report(f"console: {facts.console_url}")
    return facts


def start_ticker(found: LocalStackInfo) -> int:
    """Its process id."""
    arguments = ("--endpoint", found.aws_endpoint, "--stream", found.raw_stream)
    return _start_module(found, "ticker", arguments)


def start_courier(found: LocalStackInfo, made: webhooks.Webhook, url: str) -> int:
    """Its process id."""
    queues = ("--queue", made.queue, "--undelivered", made.undelivered)
    return _start_module(found, "courier", ("--endpoint", found.aws_endpoint, "--url", url, *queues))


def _start_module(found: LocalStackInfo, name: str, arguments: tuple[str, ...]) -> int:
    command = [sys.executable, "-m", f"rastro.local.{name}", *arguments]
    pid = processes.launch(command, os.environ, Path(found.logs) / f"{name}.log", cwd=REPOSITORY)
    running.note(Path(found.home), name, pid)
    found.processes[name] = pid
    return pid


def consumer_environment(found: LocalStackInfo) -> dict[str, str]:
    """The variables of a consumer of this stack, on top of the starter's own."""
    settings = Settings(
        application=APPLICATION,
        raw_stream=found.raw_stream,
        enriched_stream=found.enriched_stream,
        rejected_delivery=found.rejected_delivery,
        session_ends_delivery=found.session_ends_delivery,
        cart_events_delivery=found.cart_events_delivery,
        state=found.state_uri,
        sites=f"ssm:{found.sites_parameter}",
        heartbeat=str(Path(found.home) / "heartbeat"),
    )
    return {**settings.to_env(), **emulator.aws_environment(found.aws_endpoint)}


def _refuse_second(home: Path) -> None:
    alive = running.running(home)
    if alive:
        ids = ", ".join(f"{name} {pid}" for name, pid in alive.items())
        raise Problem(
            f"a local stack already runs under {home} ({ids}); stop it with: rastro down --home {home}, "
            "or start another with: rastro up --home DIR"
        )


def _prepare(home: Path) -> None:
    """An empty home: state of an earlier emulator would belong to streams that are gone."""
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    if free < _NEEDED_BYTES:
        raise Problem(
            f"{free >> 20} MiB are free on the disk of {home}, {_NEEDED_BYTES >> 20} are needed; "
            "free some or choose another --home"
        )
    for name in ("emulator", "consumer", "logs", "heartbeat"):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in ("logs", "heartbeat"):
        (home / name).mkdir()


def _facts(outputs: Mapping[str, str], home: Path, logs: Path, aws: emulator.Emulator) -> LocalStackInfo:
    text = aws.client("ssm").get_parameter(Name=outputs["SitesParameter"])["Parameter"]["Value"]
    site = next(iter(parse_sites(text).by_name.values()))
    return LocalStackInfo(
        # The emulator serves an API under its id at this path; on AWS it has a host name of its own.
        api_url=f"{aws.endpoint}/_aws/execute-api/{outputs['ApiId']}",
        site_key=site.keys[0],
        site=site.name,
        aws_endpoint=aws.endpoint,
        region=emulator.REGION,
        stack_name=f"rastro-{deployment.ENVIRONMENT}-pipeline",
        raw_stream=outputs["RawStream"],
        enriched_stream=outputs["EnrichedStream"],
        rejected_delivery=outputs["RejectedDelivery"],
        enriched_delivery=outputs["EnrichedDelivery"],
        session_ends_delivery=outputs["SessionEndsDelivery"],
        cart_events_delivery=outputs["CartEventsDelivery"],
        raw_delivery=outputs["RawDelivery"],
        bucket=outputs["Bucket"],
        database=outputs["Database"],
        enriched_table=outputs["EnrichedTable"],
        rejected_table=outputs["RejectedTable"],
        enriched_prefix="enriched/",
        rejected_prefix="rejected/",
        raw_prefix="raw/",
        session_ends_prefix="session_ends/",
        cart_events_prefix="cart_events/",
        state_uri=outputs["StateUri"],
        sites_parameter=outputs["SitesParameter"],
        salt_parameter=outputs["SaltParameter"],
        home=str(home),
        logs=str(logs),
        processes={"emulator": aws.pid},
        ingest_log=outputs["IngestLog"],
    )
