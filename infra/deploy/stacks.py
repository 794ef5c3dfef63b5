"""One stack: upload its files, create or update it by a change set, delete it."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from infra.deploy.cloud_assembly import Stack

Clients = Callable[[str], Any]
"""A boto3 client by service name: the only thing that says where a deployment goes."""

_SETTLED = ("COMPLETE", "FAILED")
_NEVER_MADE = "REVIEW_IN_PROGRESS"
"""A change set that would create a stack makes it, empty, in this state; it stays when the change set is deleted."""
_FAILED_CREATION = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
"""States of a stack that never was whole; CloudFormation takes only its deletion."""
_POLL_SECONDS = 5.0


class DeployError(RuntimeError):
    """The deployment did not happen; the message says what CloudFormation said and what to do."""


class Change(NamedTuple):
    """A line of a change set. `action`: Add, Modify, Remove; `replacement`: True, False, Conditional or ''."""

    action: str
    resource: str
    kind: str
    replacement: str


def upload(stack: Stack, clients: Clients, account: str, region: str) -> None:
    """Put the stack's files where its template says, unless they are there: their names are digests.

    Raises:
        DeployError: the account and region are not bootstrapped.
    """
    s3 = clients("s3")
    for asset in stack.assets:
        bucket, key = asset.at(account, region)
        try:
            with contextlib.suppress(ClientError):
                s3.head_object(Bucket=bucket, Key=key)
                continue
            s3.upload_file(str(asset.path), bucket, key)
        except Exception as error:
            if "NoSuchBucket" in str(error) or "Not Found" in str(error):
                raise DeployError(
                    f"account {account} has no bucket {bucket}: region {region} is not bootstrapped; "
                    "run: make bootstrap ENV=..."
                ) from None
            raise


@contextlib.contextmanager
def change_set(
    stack: Stack, clients: Clients, account: str, region: str, parameters: Mapping[str, str] | None = None
) -> Iterator[list[Change] | None]:
    """The changes that deploying `stack` would make, or None if there is nothing to change.

    Inside the block the change set exists and can be executed; afterwards it is gone, and so is the empty stack
    that it made if there was none and it was not executed.

    Raises:
        DeployError: CloudFormation refuses the template.
    """
    cloudformation = clients("cloudformation")
    name = "rastro"
    new = not exists(stack.name, clients)
    bucket, key = stack.template.at(account, region)
    with contextlib.suppress(ClientError):
        cloudformation.delete_change_set(StackName=stack.name, ChangeSetName=name)
    cloudformation.create_change_set(
        StackName=stack.name,
        ChangeSetName=name,
        ChangeSetType="CREATE" if new else "UPDATE",
        TemplateURL=f"{clients('s3').meta.endpoint_url}/{bucket}/{key}",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=stack.name, ChangeSetName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
        )
        described = cloudformation.describe_change_set(StackName=stack.name, ChangeSetName=name)
        yield [_change(entry["ResourceChange"]) for entry in described["Changes"]]
    except WaiterError:
        described = cloudformation.describe_change_set(StackName=stack.name, ChangeSetName=name)
        reason = described.get("StatusReason", "no reason given")
        if "didn't contain changes" not in reason and "No updates are to be performed" not in reason:
            raise DeployError(f"CloudFormation refuses {stack.name}: {reason}") from None
        yield None
    finally:
        with contextlib.suppress(ClientError):
            cloudformation.delete_change_set(StackName=stack.name, ChangeSetName=name)
        if new and status(stack.name, clients) == _NEVER_MADE:
            cloudformation.delete_stack(StackName=stack.name)
            wait(stack.name, clients, poll_seconds=0.5)


def _change(entry: dict[str, Any]) -> Change:
    return Change(
        entry["Action"], entry["LogicalResourceId"], entry["ResourceType"], entry.get("Replacement", "")
    )


def deploy(
    stack: Stack,
    clients: Clients,
    account: str,
    region: str,
    report: Callable[[str], None],
    poll_seconds: float = _POLL_SECONDS,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Upload, change, wait, protect; the stack's outputs.

    What a failed first creation left is deleted first. A roll-back deletes what it created, even what the template
    retains, so that the same command can be given again.

    Raises:
        DeployError: not bootstrapped, refused, or failed and rolled back (with the first failed resources).
    """
    upload(stack, clients, account, region)
    cloudformation = clients("cloudformation")
    _clear(stack.name, clients, report, poll_seconds)
    with change_set(stack, clients, account, region, parameters) as changes:
        if changes is None:
            report(f"{stack.name}: nothing to change")
        else:
            report(f"{stack.name}: {len(changes)} changes")
            cloudformation.execute_change_set(
                StackName=stack.name, ChangeSetName="rastro", RetainExceptOnCreate=True
            )
            settled = wait(stack.name, clients, poll_seconds)
            if settled not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                raise DeployError(f"{stack.name}: {settled}\n{_failures(stack.name, clients)}")
    cloudformation.update_termination_protection(
        StackName=stack.name, EnableTerminationProtection=stack.protected
    )
    return outputs(stack.name, clients)


def _clear(name: str, clients: Clients, report: Callable[[str], None], poll_seconds: float) -> None:
    """Wait for what is under way, and delete the remains of a creation that failed: they hold no data yet.

    Raises:
        DeployError: an update's roll-back failed, which only its operator can resolve.
    """
    state = wait(name, clients, poll_seconds) if exists(name, clients) else None
    if state in _FAILED_CREATION:
        report(f"{name}: {state} since an earlier try; deleting what is left of it")
        delete(name, clients, poll_seconds)
    elif state == "DELETE_FAILED":
        raise DeployError(f"{name}: {state}; it is half deleted, finish that first: make destroy ENV=...")
    elif state == "UPDATE_ROLLBACK_FAILED":
        raise DeployError(
            f"{name}: {state}\n{_failures(name, clients)}\n  repair the cause, then: "
            f"aws cloudformation continue-update-rollback --stack-name {name}"
        )


def delete(name: str, clients: Clients, poll_seconds: float = _POLL_SECONDS) -> None:
    """Delete a stack and wait until it is gone; no error if there is none.

    Raises:
        DeployError: a resource could not be deleted, or the stack is protected.
    """
    if status(name, clients) is None:
        return
    try:
        clients("cloudformation").delete_stack(StackName=name)
    except ClientError as error:
        raise DeployError(f"{name}: {error.response['Error']['Message']}") from None
    settled = wait(name, clients, poll_seconds)
    if settled not in {None, "DELETE_COMPLETE"}:
        raise DeployError(f"{name}: {settled}\n{_failures(name, clients)}")


def exists(name: str, clients: Clients) -> bool:
    """Whether the stack was ever created; an empty one left by a change set does not count."""
    return status(name, clients) not in {None, _NEVER_MADE}


def status(name: str, clients: Clients) -> str | None:
    """CloudFormation's word for the state of the stack, or None if there is none."""
    try:
        found = clients("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    state: str = found[0]["StackStatus"]
    return None if state == "DELETE_COMPLETE" else state


def outputs(name: str, clients: Clients) -> dict[str, str]:
    found = clients("cloudformation").describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def wait(name: str, clients: Clients, poll_seconds: float = _POLL_SECONDS) -> str | None:
    """Wait until the stack has come to rest; its last state, None if it is gone."""
    while True:
        state = status(name, clients)
        if state is None or state.endswith(_SETTLED):
            return state
        time.sleep(poll_seconds)


def _failures(name: str, clients: Clients) -> str:
    """The first things that went wrong; what failed later mostly failed because of them."""
    events = clients("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    failed = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
    ]
    return "\n".join(failed[:5]) or "  no event says why; see the CloudFormation console"
