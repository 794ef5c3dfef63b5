"""Reads the cloud assembly in `cdk.out/<environment>/`: stacks in order, files to upload."""

import json
from pathlib import Path
from typing import Any, NamedTuple


class Asset(NamedTuple):
    """A file that CloudFormation will fetch. `bucket` and `key` may hold `${AWS::AccountId}` and the like."""

    path: Path
    bucket: str
    key: str

    def at(self, account: str, region: str) -> tuple[str, str]:
        """Bucket and key in one account and region."""
        return _fill(self.bucket, account, region), _fill(self.key, account, region)


class Stack(NamedTuple):
    """One stack: its name on AWS, its files (the template among them), the stacks it comes after.

    `protected`: CloudFormation is to refuse its deletion; that is a call, not a line of the template.
    """

    id: str
    name: str
    template: Asset
    assets: tuple[Asset, ...]
    after: tuple[str, ...]
    protected: bool


class AssemblyError(RuntimeError):
    """The folder does not hold what synthesis writes."""


def stacks(folder: Path) -> list[Stack]:
    """The stacks of one synthesized environment, each after those it needs.

    Raises:
        AssemblyError: nothing synthesized there, or a kind of asset that this does not upload.
    """
    try:
        artifacts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    except FileNotFoundError:
        raise AssemblyError(f"nothing synthesized in {folder}; run: make synth") from None
    found = {
        name: _stack(folder, name, artifact, artifacts)
        for name, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    ordered: dict[str, Stack] = {}
    while len(ordered) < len(found):
        ready = [s for s in found.values() if s.id not in ordered and all(a in ordered for a in s.after)]
        ordered.update({stack.id: stack for stack in ready})
    return list(ordered.values())


def _stack(folder: Path, name: str, artifact: dict[str, Any], artifacts: dict[str, Any]) -> Stack:
    assets = {asset.path.name: asset for asset in _assets(folder, f"{name}.assets.json")}
    return Stack(
        id=name,
        name=artifact["properties"]["stackName"],
        template=assets[artifact["properties"]["templateFile"]],
        assets=tuple(assets.values()),
        after=tuple(
            other
            for other in artifact.get("dependencies", ())
            if artifacts[other]["type"] == "aws:cloudformation:stack"
        ),
        protected=bool(artifact["properties"].get("terminationProtection")),
    )


def _assets(folder: Path, file_name: str) -> list[Asset]:
    manifest = json.loads((folder / file_name).read_text(encoding="utf-8"))
    if manifest.get("dockerImages"):
        raise AssemblyError(f"{folder / file_name} has container images; they are pushed apart from this")
    found = []
    for entry in manifest["files"].values():
        if entry["source"]["packaging"] != "file":
            raise AssemblyError(f"{folder / file_name}: {entry['source']['path']} is not one file")
        found += [
            Asset(folder / entry["source"]["path"], destination["bucketName"], destination["objectKey"])
            for destination in entry["destinations"].values()
        ]
    return found


def _fill(text: str, account: str, region: str) -> str:
    for name, value in (("AccountId", account), ("Region", region), ("Partition", "aws")):
        text = text.replace(f"${{AWS::{name}}}", value)
    return text
