"""The destination of a load and of its events: the local stack, or a deployed environment."""

from pathlib import Path
from typing import Any, NamedTuple

from lake import layout
from rastro.local import emulator, info
from rastro.terminal.errors import Problem
from rastro.traffic.post import Target


class Destination(NamedTuple):
    """`endpoint`: the emulator's, empty for AWS. `env`: of a deployed environment, empty for the local stack.

    `groups`: process groups on this machine whose CPU is part of the result, by name.
    """

    target: Target
    enriched_stream: str
    bucket: str
    enriched_prefix: str
    endpoint: str = ""
    env: str = ""
    groups: tuple[tuple[str, int], ...] = ()

    def client(self, service: str) -> Any:
        """A client of the service there."""
        if self.endpoint:
            return emulator.client(self.endpoint, service)
        from infra.deploy.target import find_target  # noqa: PLC0415 - takes a while to import
        from infra.environments import loader  # noqa: PLC0415 - the same

        return find_target(loader.read(self.env)).client(service)


def local(home: Path) -> Destination:
    """The stack that runs under `home`.

    Raises:
        Problem: none does.
    """
    facts = info.read(home)
    groups = tuple((name, pid) for name, pid in facts.processes.items() if name in {"emulator", "consumer"})
    target = Target(facts.api_url, facts.site_key)
    return Destination(
        target, facts.enriched_stream, facts.bucket, facts.enriched_prefix, facts.aws_endpoint, "", groups
    )


def deployed(name: str, api_url: str | None, key: str | None) -> Destination:
    """An environment on AWS; URL and site key are looked up if they are not given.

    Raises:
        Problem: it is not deployed, or its sites have no key.
    """
    from infra.deploy import stacks, trace  # noqa: PLC0415 - as above
    from infra.deploy.stacks import DeployError  # noqa: PLC0415 - as above
    from infra.deploy.target import find_target  # noqa: PLC0415 - as above
    from infra.environments import loader  # noqa: PLC0415 - as above
    from schemas import parse_sites  # noqa: PLC0415 - as above

    try:
        environment = loader.read(name)
        found = find_target(environment)
        outputs = stacks.outputs(f"{environment.prefix}-pipeline", found.client)
    except (loader.BadEnvironment, DeployError) as error:
        raise Problem(str(error)) from None
    if not key:
        text = found.client("ssm").get_parameter(Name=outputs["SitesParameter"])["Parameter"]["Value"]
        key = next(iter(parse_sites(text).by_name.values())).keys[0]
    url = (api_url or trace.api_url(environment, found, outputs)).rstrip("/")
    return Destination(
        Target(url, key), outputs["EnrichedStream"], outputs["Bucket"], layout.ENRICHED, "", name
    )
