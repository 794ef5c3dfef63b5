"""Deploy one environment, or say what that would change: all its stacks, in order."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from infra.deploy import cloud_assembly, cookieless_secret, preflight, stacks, tables, views
from infra.deploy.target import Target
from infra.environments.resource_names import EDGE_REGION, cookieless_secret_name, origin_secret_name
from infra.environments.settings import Environment

Report = Callable[[str], None]


def deploy(environment: Environment, folder: Path, target: Target, report: Report) -> dict[str, str]:
    """Every stack of `folder`, each after those it needs; the outputs of all of them.

    Raises:
        DeployError: not bootstrapped, a quota, no image, a lock before its edge, or what CloudFormation or Athena say.
    """
    preflight.check_bootstrap(target, environment)
    preflight.check_quotas(target, environment)
    preflight.check_lock(target, environment)
    _secrets(environment, target, report)
    outputs: dict[str, str] = {}
    for stack in cloud_assembly.stacks(folder):
        if stack.id == "Consumer":
            preflight.check_image(target, environment)
        at = _region(stack, target)
        if at.region != target.region:
            preflight.check_bootstrap(at, environment)
        parameters = _parameters(stack, environment, target, outputs)
        outputs |= stacks.deploy(stack, at.client, at.account, at.region, report, parameters=parameters)
        if stack.id == "Analytics":
            athena, glue = target.client("athena"), target.client("glue")
            tables.create(athena, glue, outputs["Bucket"], environment, report)
            views.create(athena, environment, report)
    return outputs


def diff(environment: Environment, folder: Path, target: Target, report: Report) -> bool:
    """Report what a deployment would change; whether it would change anything.

    Templates are uploaded to the bootstrap bucket; nothing else is left behind. Without a pipeline stack, those that
    come after it are named as new: CloudFormation cannot say more.
    """
    preflight.check_bootstrap(target, environment)
    there = stacks.exists(f"{environment.prefix}-pipeline", target.client)
    changed = False
    outputs: dict[str, str] = {}
    for stack in cloud_assembly.stacks(folder):
        at = _region(stack, target)
        if not there and stack.after:
            report(f"{stack.name}: new; its changes show once the pipeline stack is there")
            changed = True
            continue
        stacks.upload(stack, at.client, at.account, at.region)
        parameters = _parameters(stack, environment, target, outputs, preview=True)
        with stacks.change_set(stack, at.client, at.account, at.region, parameters) as changes:
            report(f"{stack.name}: {'nothing to change' if changes is None else ''}")
            for change in changes or ():
                warning = "  REPLACED: its data is lost" if change.replacement == "True" else ""
                report(f"  {change.action:8}{change.kind:40}{change.resource}{warning}")
            changed = changed or changes is not None
        if stacks.exists(stack.name, at.client):
            outputs |= stacks.outputs(stack.name, at.client)
    return changed


def _region(stack: cloud_assembly.Stack, target: Target) -> Target:
    return target.elsewhere(EDGE_REGION) if stack.id == "Edge" else target


def _secrets(environment: Environment, target: Target, report: Report) -> None:
    wanted = [cookieless_secret_name(environment)]
    if environment.stacks.edge:
        wanted.append(origin_secret_name(environment))
    for name in wanted:
        if cookieless_secret.ensure(target.client("ssm"), name):
            report(f"{name}: made")


def _parameters(
    stack: cloud_assembly.Stack,
    environment: Environment,
    target: Target,
    outputs: dict[str, str],
    *,
    preview: bool = False,
) -> dict[str, str]:
    """The parameters of a stack in another region: it cannot read this one's outputs."""
    if stack.id != "Edge":
        return {}
    if preview and not stacks.exists(stack.name, target.elsewhere(EDGE_REGION).client):
        return {"ApiHost": "made.by.the.deployment", "OriginSecret": "made by the deployment"}
    name = origin_secret_name(environment)
    held = target.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return {"ApiHost": urlsplit(outputs["ApiUrl"]).netloc, "OriginSecret": held}
