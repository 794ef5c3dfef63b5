"""Processes that die, stop, freeze and come."""

import signal

from tests.system.faults.play import Scenario
from tests.system.faults.service import kill
from tests.system.faults.stage import Stage
from tests.system.kcl.daemons import wait_for

FAILOVER_SECONDS = 25.0
"""A silent worker's leases are taken after at most four times failoverTimeMillis and a look."""


def _nothing(stage: Stage) -> None:
    """The control: what a run without a fault looks like."""


def _kill_processor(stage: Stage) -> None:
    kill(stage.service.processors(stage.service.alive()[0])[0])


def _kill_daemon(stage: Stage) -> None:
    kill(stage.service.java(stage.service.alive()[0]))


def _kill_task(stage: Stage) -> None:
    stage.service.alive()[0].send_group(signal.SIGKILL)


def _sigterm(stage: Stage) -> None:
    """To the first process of the task, as ECS does; the service starts another one."""
    stage.service.alive()[0].send(signal.SIGTERM)


def _second_task(stage: Stage) -> None:
    stage.service.scale(2)
    first, second = stage.service.alive()
    wait_for(
        lambda: stage.service.processors(second), lambda: f"a share for the second task: {second.tail()}"
    )
    assert first.alive()


def _three_tasks_one_killed(stage: Stage) -> None:
    stage.service.alive()[1].send_group(signal.SIGKILL)


def _freeze(stage: Stage) -> None:
    victim = next(task for task in stage.service.alive() if stage.service.processors(task))
    victim.send_group(signal.SIGSTOP)
    stage.last(FAILOVER_SECONDS)
    victim.send_group(signal.SIGCONT)
    stage.over()


SCENARIOS = (
    Scenario("process-00-none", "no fault: the control", _nothing, "processes"),
    Scenario(
        "process-01-kill-processor",
        "kill -9 of a record processor",
        _kill_processor,
        "processes",
        ("consumer-restarts",),
    ),
    Scenario(
        "process-02-kill-daemon", "kill -9 of KCL's daemon", _kill_daemon, "processes", ("consumer-restarts",)
    ),
    Scenario(
        "process-03-kill-task",
        "kill -9 of the whole task; another starts after 3 s",
        _kill_task,
        "processes",
        ("consumer-tasks",),
    ),
    Scenario("process-04-sigterm", "SIGTERM as ECS sends it; another task starts", _sigterm, "processes"),
    Scenario("process-05-second-task", "a second task starts and takes its share", _second_task, "processes"),
    Scenario(
        "process-06-three-tasks",
        "three tasks, kill -9 of one",
        _three_tasks_one_killed,
        "processes",
        ("consumer-tasks",),
        tasks=3,
    ),
    Scenario(
        "process-07-freeze",
        "SIGSTOP of one of two tasks past the failover time, then SIGCONT",
        _freeze,
        "processes",
        tasks=2,
        rate=2.0,
    ),
)
