"""The pipeline that a tool works on: the local stack, or a deployed environment. Both are the same services."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from rastro.local import emulator, info
from rastro.terminal.errors import Problem
from schemas import Sites, SitesError, parse_sites

LOCAL_APPLICATION = "rastro-local"


class Pipeline(NamedTuple):
    """`deliveries`: Firehose streams by their table. `decimals`: TEXT or NUMBER, how amounts are written in rows on
    their way to Firehose. `prefix`: what names of the environment's other resources begin with."""

    name: str
    client: Callable[[str], Any]
    region: str
    account: str
    prefix: str
    bucket: str
    raw_stream: str
    enriched_stream: str
    deliveries: dict[str, str]
    state_uri: str
    sites_parameter: str
    application: str
    decimals: str

    @property
    def is_local(self) -> bool:
        """Whether nothing there costs money."""
        return self.name == "local"

    def sites(self) -> Sites:
        """The sites document that ingest and the consumer use there.

        Raises:
            Problem: it is missing or cannot be used.
        """
        try:
            answer = self.client("ssm").get_parameter(Name=self.sites_parameter, WithDecryption=True)
            return parse_sites(answer["Parameter"]["Value"])
        except (ClientError, SitesError) as error:
            raise Problem(f"the sites document {self.sites_parameter}: {error}", "sites_document") from None


def open_pipeline(env: str | None, home: Path) -> Pipeline:
    """The environment `env`, or the local stack under `home`.

    Raises:
        Problem: no such environment, no credentials, nothing deployed, nothing running.
    """
    return _deployed(env) if env else _local(home)


def _local(home: Path) -> Pipeline:
    facts = info.read(home)

    @cache
    def client(service: str) -> Any:
        return emulator.client(facts.aws_endpoint, service)

    return Pipeline(
        name="local",
        client=client,
        region=facts.region,
        account=emulator.ACCOUNT,
        prefix="rastro-local",
        bucket=facts.bucket,
        raw_stream=facts.raw_stream,
        enriched_stream=facts.enriched_stream,
        deliveries={
            "enriched": facts.enriched_delivery,
            "rejected": facts.rejected_delivery,
            "session_ends": facts.session_ends_delivery,
            "cart_events": facts.cart_events_delivery,
        },
        state_uri=facts.state_uri,
        sites_parameter=facts.sites_parameter,
        application=LOCAL_APPLICATION,
        decimals="TEXT",
    )


def find_environment(env: str) -> tuple[Any, Any, dict[str, str]]:
    """A deployed environment's settings, its account and region, and the outputs of its pipeline's stack.

    Raises:
        Problem: no such environment, no credentials, nothing deployed.
    """
    from infra.deploy import stacks  # noqa: PLC0415 - takes a while to import
    from infra.deploy.target import find_target  # noqa: PLC0415 - slow to import, needed here alone
    from infra.environments import loader  # noqa: PLC0415 - slow to import, needed here alone

    try:
        environment = loader.read(env)
        target = find_target(environment)
        return environment, target, stacks.outputs(f"{environment.prefix}-pipeline", target.client)
    except (loader.BadEnvironment, stacks.DeployError) as error:
        raise Problem(str(error), "environment") from None
    except ClientError as error:
        raise Problem(f"{env} is not deployed: {error.response['Error']['Message']}", "environment") from None


def check_site(site: str | None, pipeline: Pipeline) -> None:
    """A name that is mistyped would find nothing, which looks like all is well.

    Raises:
        Problem: there is no such site.
    """
    if site is None:
        return
    known = pipeline.sites().by_name
    if site not in known:
        raise Problem(f"there is no site {site!r}; there are {', '.join(sorted(known))}", "no_such_site")


def _deployed(env: str) -> Pipeline:
    environment, target, found = find_environment(env)
    return Pipeline(
        name=env,
        client=cache(target.client),
        region=target.region,
        account=target.account,
        prefix=environment.prefix,
        bucket=found["Bucket"],
        raw_stream=found["RawStream"],
        enriched_stream=found["EnrichedStream"],
        deliveries={
            "enriched": found["EnrichedDelivery"],
            "rejected": found["RejectedDelivery"],
            "session_ends": found["SessionEndsDelivery"],
            "cart_events": found["CartEventsDelivery"],
        },
        state_uri=found["StateUri"],
        sites_parameter=found["SitesParameter"],
        application=environment.application,
        decimals=environment.delivery.decimals.upper(),
    )
