"""The manifest of an environment: its templates in about 300 lines, whose diff is the review of a change.

One line for each resource: stack, logical id, type, deletion policy, and a hash of its properties and of what it
depends on. In full, because a hash would hide what matters: who may do what (IAM and resource policies), how long
data stays (retention, life cycles), and when an alarm fires. Columns come from schemas/ and SQL from analytics/,
where they are reviewed, and are left out here.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]
_COMPARISON = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
_POLICIES = ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument", "RepositoryPolicyText")
_WHO_AND_WHAT = ("Principal", "Resource", "Condition")
_RETENTIONS = ("RetentionInDays", "RetentionPeriodHours")


def lines(templates: dict[str, Template]) -> list[str]:
    """The manifest of one environment: templates by stack id in, sorted lines out."""
    return sorted(line for stack, template in templates.items() for line in _stack(stack, template))


def _stack(stack: str, template: Template) -> Iterator[str]:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Athena::NamedQuery":
            continue
        at = f"{stack}/{logical_id}"
        properties = _reviewed_here(resource)
        policies = "".join(
            f" {word}={resource[key]}"
            for key, word in (("DeletionPolicy", "delete"), ("UpdateReplacePolicy", "replace"))
            if key in resource
        )
        yield f"{at} {resource['Type']}{policies} #{_hash([properties, resource.get('DependsOn')])}"
        yield from (f"{at}   {text}" for text in _in_full(resource["Type"], properties))
    for name, output in template.get("Outputs", {}).items():
        yield f"{stack}/output {name} = {_short(output['Value'])}"


def _in_full(kind: str, properties: dict[str, Any]) -> Iterator[str]:
    for key in _POLICIES:
        for statement in properties.get(key, {}).get("Statement", ()):
            yield f"{key}: {_statement(statement)}"
    for key in _RETENTIONS:
        if key in properties:
            yield f"{key}: {properties[key]}"
    for rule in properties.get("LifecycleConfiguration", {}).get("Rules", ()):
        terms = " ".join(f"{key}={_short(value)}" for key, value in sorted(rule.items()) if key != "Id")
        yield f"life cycle {rule['Id']}: {terms}"
    if kind == "AWS::CloudWatch::Alarm":
        yield (
            f"fires: {_COMPARISON[properties['ComparisonOperator']]} {properties['Threshold']} in "
            f"{properties.get('DatapointsToAlarm', properties['EvaluationPeriods'])} of "
            f"{properties['EvaluationPeriods']}, missing data is {properties.get('TreatMissingData', 'missing')}"
        )


def _statement(statement: dict[str, Any]) -> str:
    return " ".join(
        (
            statement["Effect"],
            ",".join(_list(statement["Action"])),
            *(f"{key.lower()}={_short(statement[key])}" for key in _WHO_AND_WHAT if key in statement),
        )
    )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else sorted(value)


def _reviewed_here(resource: dict[str, Any]) -> dict[str, Any]:
    """A copy of the properties without what comes from files that are reviewed themselves."""
    properties: dict[str, Any] = json.loads(json.dumps(resource.get("Properties", {})))
    if resource["Type"] == "AWS::Glue::Table":
        properties["TableInput"]["StorageDescriptor"]["Columns"] = "from schemas/"
    if resource["Type"] == "AWS::SSM::Parameter":
        properties["Value"] = "from the environment's file"
    return properties


def _masked(text: str) -> str:
    """Without the digests of packages: the code in them is reviewed as code."""
    return re.sub(r"[0-9a-f]{64}", "DIGEST", text)


def _hash(properties: Any) -> str:
    text = _masked(json.dumps(properties, sort_keys=True))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _short(value: Any) -> str:
    """A value of a template on one line; references as `Name` or `Name.Attribute`."""
    if isinstance(value, str):
        return _masked(value)
    if isinstance(value, list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value)
    return _function(value) or "{" + ", ".join(f"{k}: {_short(v)}" for k, v in sorted(value.items())) + "}"


def _function(value: dict[str, Any]) -> str | None:
    """An intrinsic function, written short; None if `value` is none of those that appear often."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [*path]}:
            return f"<{'.'.join(path)}>"
        case {"Fn::Join": [separator, items]}:
            return str(separator).join(_short(item) for item in items)
        case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
            return f"<{stack}:{output}>"
        case _:
            return None
