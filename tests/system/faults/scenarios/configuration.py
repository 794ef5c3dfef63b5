"""Bad settings and bad reference data are deployed."""

import os
import time

from tests.system.faults.play import Scenario
from tests.system.faults.service import kill
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for


def _broken_sites(stage: Stage) -> None:
    """A document that is no JSON is deployed, new instances of ingest read it, and a processor dies meanwhile."""
    ssm = stage.client("ssm")
    name = stage.facts.sites_parameter
    good = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="{broken", Type="String", Overwrite=True)
    stage.function()
    stage.last(8)
    killed_at = time.time()
    kill(stage.service.processors(stage.service.alive()[0])[0])
    wait_for(
        lambda: any("DaemonRestarts" in line for line in stage.service.lines(killed_at)),
        lambda: "the supervisor starts the daemon again, with the broken document",
    )
    stage.last(2)
    ssm.put_parameter(Name=name, Value=good, Type="String", Overwrite=True)
    stage.function()
    stage.over()


def _garbage_references(stage: Stage) -> None:
    """A new task finds garbage where the city database should be; the old one goes on."""
    file = stage.home / "garbage.mmdb"
    file.write_bytes(os.urandom(4096))
    fresh = stage.service.start(RASTRO_GEO_CITY=str(file))
    status = fresh.wait_end() and fresh.status()
    assert status == 2, f"a task with garbage must not start: {status}"
    stage.figures["said"] = fresh.tail().strip().splitlines()[-1].strip()[:160]
    stage.over()


RESTARTS = ("consumer-restarts",)


SCENARIOS = (
    Scenario(
        "config-01-sites",
        "a broken sites document is deployed; a processor dies meanwhile",
        _broken_sites,
        "configuration",
        ("sites-document", "consumer-restarts"),
    ),
    Scenario(
        "config-02-references",
        "a new task finds garbage as its city database",
        _garbage_references,
        "configuration",
    ),
)
