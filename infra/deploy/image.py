"""Build the consumer's image for the environment's processor and push it to its repository."""

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from infra.deploy import stacks
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.settings import Environment
from reference_data.databases import data_folder

ROOT = Path(__file__).resolve().parents[2]
_BUILDERS = ("docker", "podman", "buildah")


def push(environment: Environment, target: Target, report: Callable[[str], None]) -> str:
    """The pushed image's full name.

    Raises:
        DeployError: no builder is installed, the repository is not there yet, or a build step failed.
    """
    builder = next((name for name in _BUILDERS if shutil.which(name)), None)
    if builder is None:
        raise DeployError(f"none of {', '.join(_BUILDERS)} is installed; one of them builds the image")
    stack = f"{environment.prefix}-image"
    if stacks.status(stack, target.client) is None:
        raise DeployError(
            f"the repository is not there yet; run: make deploy ENV={environment.name} (it stops at the missing "
            "image), then this again"
        )
    repository = stacks.outputs(stack, target.client)["RepositoryUri"]
    name = f"{repository}:{environment.consumer.image_tag}"
    platform = {"arm64": "linux/arm64", "x86_64": "linux/amd64"}[environment.consumer.architecture]
    for command in build_commands(builder, name, platform, data_folder(os.environ)):
        report(" ".join(command))
        _run(command)
    token = target.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    _run([builder, "login", "--username", user, "--password-stdin", repository.split("/")[0]], password)
    _run([builder, "push", name])
    return name


def build_commands(builder: str, name: str, platform: str, data: Path) -> list[list[str]]:
    """How `builder` makes the image; geo data goes in if it was fetched."""
    command = [builder, "build", "--platform", platform, "--tag", name]
    if data.exists():
        command += ["--build-context", f"data={data}"]
    return [[*command, str(ROOT)]]


def _run(command: list[str], words: str | None = None) -> None:
    done = subprocess.run(command, input=words, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise DeployError(f"{' '.join(command[:2])} failed; what it said is above")
