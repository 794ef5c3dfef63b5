"""Limits of an account, asked for before anything is made: each message has the numbers and the request's link."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy import preflight
from infra.deploy.stacks import DeployError
from infra.environments import loader
from infra.environments.settings import Environment

Services = dict[str, dict[str, Callable[..., Any]]]
LINK = "https://sa-east-1.console.aws.amazon.com/servicequotas/home/services/"


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "x")


def raising(code: str) -> Callable[..., Any]:
    def refuse(**_: Any) -> Any:
        raise error(code)

    return refuse


def account(
    *, concurrency: int = 1000, on_demand: tuple[int, int] = (0, 50), shards: tuple[int, int] = (0, 500),
    streams: tuple[str, ...] = (), vcpu: float = 4000.0,
) -> Services:  # fmt: skip
    return {
        "lambda": {"get_account_settings": lambda: {"AccountLimit": {"ConcurrentExecutions": concurrency}}},
        "kinesis": {
            "describe_limits": lambda: {
                "OnDemandStreamCount": on_demand[0], "OnDemandStreamCountLimit": on_demand[1],
                "OpenShardCount": shards[0], "ShardLimit": shards[1],
            },
            "list_streams": lambda **_: {"StreamNames": list(streams)},
            "describe_stream_summary": lambda **_: {"StreamDescriptionSummary": {"OpenShardCount": 6}},
        },
        "service-quotas": {"get_service_quota": lambda **_: {"Quota": {"Value": vcpu}}},
    }  # fmt: skip


def check(environment: Environment, services: Services) -> None:
    target: Any = SimpleNamespace(region="sa-east-1", client=lambda name: SimpleNamespace(**services[name]))
    preflight.check_quotas(target, environment)


PROD = loader.read("prod")
PROVISIONED = replace(
    PROD, streams=replace(PROD.streams, mode="provisioned", raw_shards=4, enriched_shards=8)
)


def test_an_account_with_room_passes() -> None:
    check(PROD, account())
    check(PROVISIONED, account())


def test_processors_of_fargate_twice_during_a_deployment() -> None:
    """AWS Fargate, "Fargate On-Demand vCPU resource count": 6 in a new account."""
    wanted = 2 * PROD.consumer.tasks_max * PROD.consumer.cpu / 1024
    check(PROD, account(vcpu=wanted))
    with pytest.raises(
        DeployError, match=rf"needs {wanted:g} processors .* limit is 6\..*{LINK}fargate/quotas/L-3032A538"
    ):
        check(PROD, account(vcpu=6.0))


def test_the_default_counts_where_the_account_has_no_value_of_its_own() -> None:
    services = account()
    services["service-quotas"] = {
        "get_service_quota": raising("NoSuchResourceException"),
        "get_aws_default_service_quota": lambda **_: {"Quota": {"Value": 6.0}},
    }
    with pytest.raises(DeployError, match=r"limit is 6\."):
        check(PROD, services)


def test_what_lambda_reserves() -> None:
    reserving = replace(PROD, ingest=replace(PROD.ingest, reserved_concurrency=200))
    check(reserving, account(concurrency=300))
    with pytest.raises(
        DeployError, match=rf"limit for Lambda is 299, of which 100 .*{LINK}lambda/quotas/L-B99A9384"
    ):
        check(reserving, account(concurrency=299))


def test_streams_on_demand() -> None:
    assert PROD.streams.mode == "on_demand"
    check(PROD, account(on_demand=(48, 50)))
    with pytest.raises(DeployError, match=rf"49 of 50 are in use.*{LINK}kinesis/quotas"):
        check(PROD, account(on_demand=(49, 50)))


def test_shards() -> None:
    check(PROVISIONED, account(shards=(488, 500)))
    with pytest.raises(
        DeployError, match=rf"12 shards are wanted, 489 of 500 are in use.*{LINK}kinesis/quotas"
    ):
        check(PROVISIONED, account(shards=(489, 500)))


def test_streams_that_are_there_are_not_wanted_again() -> None:
    check(PROD, account(on_demand=(50, 50), streams=("rastro-prod-raw", "rastro-prod-enriched")))
    there = account(shards=(500, 500), streams=("rastro-prod-raw", "rastro-prod-enriched"))  # six each
    check(PROVISIONED, there)
    more = replace(PROVISIONED, streams=replace(PROVISIONED.streams, raw_shards=8))
    with pytest.raises(DeployError, match="4 shards are wanted, 500 of 500"):
        check(more, there)


def test_a_limit_that_may_not_be_asked_for_stops_nothing() -> None:
    services = account(vcpu=6.0)
    services["service-quotas"] = {"get_service_quota": raising("AccessDeniedException")}
    check(PROD, services)
