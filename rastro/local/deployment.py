"""Synthesize the `local` environment and deploy exactly that template on the emulator."""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra import secret
from infra.deploy import assembly, stacks
from rastro.local.emulator import ACCOUNT, REGION, Emulator
from rastro.problem import Problem

ENVIRONMENT = "local"
_QUALIFIER = "hnb659fds"  # of CDK's bootstrap stack, which templates name


def synthesize(out: Path) -> Path:
    """The folder with the synthesized `local` environment.

    In a process of its own: CDK brings Node, which need not stay for the life of the stack.

    Raises:
        Problem: with what synthesis said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "infra", ENVIRONMENT, "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        raise Problem(f"the template could not be synthesized:\n{done.stderr.strip()}")
    return out / ENVIRONMENT


def deploy(folder: Path, emulator: Emulator, tell: Callable[[str], None]) -> dict[str, str]:
    """Bootstrap the emulator, deploy the pipeline stack of `folder`; its outputs.

    Raises:
        Problem: CloudFormation refused or rolled back.
    """
    bootstrap(emulator.client)
    (pipeline,) = (stack for stack in assembly.stacks(folder) if stack.id == "Pipeline")
    try:
        outputs = stacks.deploy(pipeline, emulator.client, ACCOUNT, REGION, tell, poll_seconds=0.2)
    except stacks.DeployError as error:
        raise Problem(str(error)) from None
    secret.ensure(emulator.client("ssm"), outputs["SaltParameter"])
    return outputs


def bootstrap(client: Callable[[str], Any]) -> None:
    """What `cdk bootstrap` leaves in an account, as far as a deployment needs it."""
    with contextlib.suppress(ClientError):  # deployed before
        client("s3").create_bucket(Bucket=f"cdk-{_QUALIFIER}-assets-{ACCOUNT}-{REGION}")
    client("ssm").put_parameter(
        Name=f"/cdk-bootstrap/{_QUALIFIER}/version", Type="String", Value="27", Overwrite=True
    )
