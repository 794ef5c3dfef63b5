"""What the course breaks on the local stack, and the cures that stand for those on AWS."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3

from rastro.course.lab_stack import LabStack
from rastro.local import running, stack
from rastro.terminal.errors import Problem
from schemas import SitesError, parse_sites

BAD, GOOD = 40, 10
A_REQUEST = 5
ATTEMPTS = 5


def daemon_of(lab_stack: LabStack) -> int:
    """Process id of KCL's daemon, the child of the consumer's supervisor."""
    consumer = running.running(lab_stack.home).get("consumer")
    if consumer is None:
        raise Problem("o consumidor não está no ar; comece de novo: rastro down; rastro up --detach")
    for task in Path(f"/proc/{consumer}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            if b"MultiLangDaemon" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise Problem("o daemon do KCL está sendo reiniciado; tente outra vez em alguns segundos")


def provoke(lab_stack: LabStack, alarm: str) -> str:
    """Break what the alarm watches; what was done, in Portuguese."""
    if alarm not in FAULTS:
        raise Problem(f"{alarm!r} não se provoca aqui; há: {', '.join(FAULTS)}")
    return FAULTS[alarm](lab_stack)


def _stop_ticker(lab_stack: LabStack) -> str:
    ticker = running.running(lab_stack.home).get("ticker")
    if ticker is None:
        raise Problem("o ticker já está parado")
    os.kill(ticker, signal.SIGTERM)
    return "o relógio dos shards (ticker) parou; espere uns 45 s"


def _refused_events(lab_stack: LabStack) -> str:
    events = [{"event": "", "visitor_id": "quebrado"}] * BAD
    events += [{"event": "page_view", "visitor_id": "quebrado"}] * GOOD
    answer = _post(lab_stack, events)
    return f"a loja enviou {BAD + GOOD} eventos: {answer}"


def _broken_sites(lab_stack: LabStack) -> str:
    lab_stack.client("ssm").put_parameter(
        Name=lab_stack.facts.sites_parameter, Value='{"version": 2, "sites": ', Type="String", Overwrite=True
    )
    return "alguém gravou um documento de sites cortado no meio; o ingest o relê a cada minuto"


def _frozen_daemon(lab_stack: LabStack) -> str:
    os.kill(daemon_of(lab_stack), signal.SIGSTOP)
    _post(lab_stack, [{"event": "page_view", "visitor_id": "parado"}])
    return "o daemon do KCL congelou (SIGSTOP), e a loja continua enviando; espere uns 15 s"


def _killed_daemon(lab_stack: LabStack) -> str:
    os.kill(daemon_of(lab_stack), signal.SIGKILL)
    return "o daemon do KCL morreu (SIGKILL); o supervisor o reinicia"


FAULTS: dict[str, Callable[[LabStack], str]] = {
    "ticks-missing": _stop_ticker,
    "rejected-share": _refused_events,
    "sites-document": _broken_sites,
    "consumer-stalled": _frozen_daemon,
    "consumer-restarts": _killed_daemon,
}


def start_ticker(lab_stack: LabStack) -> None:
    """As enabling the schedule does on AWS."""
    stack.start_ticker(lab_stack.facts)


def lose_the_lake(lab_stack: LabStack) -> str:
    """Delete landing and tables, as a wrong lifecycle rule or a hand in the console would."""
    s3 = lab_stack.client("s3")
    gone = 0
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=lab_stack.facts.bucket, Prefix=lab_stack.facts.enriched_prefix
    ):
        keys = [{"Key": entry["Key"]} for entry in page.get("Contents", ())]
        if keys:
            s3.delete_objects(Bucket=lab_stack.facts.bucket, Delete={"Objects": keys})
        gone += len(keys)
    if not gone:  # then the tables on this disk are an older stack's, and no archive could bring them back
        raise Problem(
            "a landing está vazia, e nada foi apagado; antes, o laboratório 1 e: rastro curso carga"
        )
    for folder in (lab_stack.home / "lake" / "enriched", lab_stack.home / "tables"):
        shutil.rmtree(folder, ignore_errors=True)
    return f"alguém apagou a landing ({gone} arquivos) e as tabelas"


def put_sites(lab_stack: LabStack, path: Path) -> None:
    """As a deployment does on AWS: checked first, then put."""
    text = path.read_text(encoding="utf-8")
    try:
        parse_sites(text)
    except SitesError as error:
        raise Problem(f"{path} não serve: {error}") from None
    lab_stack.client("ssm").put_parameter(
        Name=lab_stack.facts.sites_parameter, Value=text, Type="String", Overwrite=True
    )


def _post(lab_stack: LabStack, events: list[dict[str, str]]) -> str:
    """Post in small requests, as pages do; what was answered, in Portuguese."""
    accepted = rejected = 0
    for first in range(0, len(events), A_REQUEST):
        found = _answer(lab_stack, events[first : first + A_REQUEST])
        accepted += found["accepted"]
        rejected += len(found["rejected"])
    return f"{accepted} aceitos, {rejected} recusados"


def _answer(lab_stack: LabStack, events: list[dict[str, str]]) -> Any:
    for _ in range(ATTEMPTS):  # as every client does: 503 says that nothing was taken
        answer = urllib3.request(
            "POST",
            f"{lab_stack.facts.api_url}/v1/events",
            headers={"X-Rastro-Key": lab_stack.facts.site_key, "Content-Type": "application/json"},
            body=json.dumps(events),
            timeout=60.0,
            retries=False,
        )
        if answer.status == 202:
            return answer.json()
        time.sleep(1)
    raise Problem(f"o ingest respondeu {answer.status}: {answer.data[:200].decode(errors='replace')}")
