"""What the walks through all templates share."""

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]


Template = dict[str, Any]


Every = dict[str, dict[str, Template]]


REAL = ("dev", "test", "prod", "everything")


def of_kind(template: Template, kind: str) -> Iterator[tuple[str, Resource]]:
    return ((name, r) for name, r in template["Resources"].items() if r["Type"] == kind)


def referred(node: Any) -> set[str]:
    """Logical ids that a part of a template names."""
    if isinstance(node, list):
        return {name for item in node for name in referred(item)}
    if not isinstance(node, dict):
        return set()
    if "Ref" in node:
        return {node["Ref"]}
    if "Fn::GetAtt" in node:
        return {node["Fn::GetAtt"][0]}
    return {name for value in node.values() for name in referred(value)}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def services(statement: dict[str, Any]) -> set[str]:
    principal = statement.get("Principal", {})
    return set(listed(principal.get("Service", []))) if isinstance(principal, dict) else set()
