"""Synthesize the `local` environment and deploy exactly that template on the emulator."""

import contextlib
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import cloud_assembly, cookieless_secret, stacks
from rastro.local.emulator import ACCOUNT, REGION, Emulator
from rastro.terminal.errors import Problem

ENVIRONMENT = "local"
REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / "build" / "local-template"
_SOURCES = ("infra", "schemas", "ingest_lambda", "enrich_consumer/edges", "requirements", "storefront/dist")
_KINDS = {".py", ".json", ".toml", ".txt", ".js", ".mjs"}
_QUALIFIER = "hnb659fds"  # of CDK's bootstrap stack, which templates name


def synthesize(cache: Path = CACHE) -> Path:
    """The folder with the synthesized `local` environment; made once for each state of its sources.

    In a process of its own: CDK brings Node, which need not stay for the life of the stack.

    Raises:
        Problem: with what synthesis said.
    """
    folder = cache / _digest()
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        done = subprocess.run(
            [sys.executable, "-m", "infra", ENVIRONMENT, "--out", work],
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
        if done.returncode:
            raise Problem(f"the template could not be synthesized:\n{done.stderr.strip()}")
        with contextlib.suppress(OSError):  # another stack was faster, with the same result
            (Path(work) / ENVIRONMENT).rename(folder)
    return folder


def _digest() -> str:
    """Of everything that the template and its packages are made from."""
    digest = hashlib.sha256(sys.version.encode())
    for source in _SOURCES:
        for path in sorted((REPOSITORY / source).rglob("*")):
            if path.suffix in _KINDS and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(REPOSITORY)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def deploy(folder: Path, emulator: Emulator, report: Callable[[str], None]) -> dict[str, str]:
    """Bootstrap the emulator, deploy the pipeline stack of `folder`; its outputs.

    Raises:
        Problem: CloudFormation refused or rolled back.
    """
    bootstrap(emulator.client)
    (pipeline,) = (stack for stack in cloud_assembly.stacks(folder) if stack.id == "Pipeline")
    try:
        outputs = stacks.deploy(pipeline, emulator.client, ACCOUNT, REGION, report, poll_seconds=0.2)
    except stacks.DeployError as error:
        raise Problem(str(error)) from None
    cookieless_secret.ensure(emulator.client("ssm"), outputs["SaltParameter"])
    return outputs


def bootstrap(client: Callable[[str], Any]) -> None:
    """What `cdk bootstrap` leaves in an account, as far as a deployment needs it."""
    with contextlib.suppress(ClientError):  # deployed before
        client("s3").create_bucket(Bucket=f"cdk-{_QUALIFIER}-assets-{ACCOUNT}-{REGION}")
    client("ssm").put_parameter(
        Name=f"/cdk-bootstrap/{_QUALIFIER}/version", Type="String", Value="27", Overwrite=True
    )
