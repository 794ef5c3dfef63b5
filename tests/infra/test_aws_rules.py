"""What AWS demands beyond a template's grammar: each test walks all templates for one kind of fault."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.environments import loader
from infra.environments.resource_names import NOTIFIERS
from infra.environments.settings import Ingest
from infra.packaging import lambda_zip

pytestmark = pytest.mark.slow

Resource = dict[str, Any]
Template = dict[str, Any]
Every = dict[str, dict[str, Template]]
REAL = ("dev", "test", "prod", "everything")


def _of(template: Template, kind: str) -> Iterator[tuple[str, Resource]]:
    return ((name, r) for name, r in template["Resources"].items() if r["Type"] == kind)


def _referred(node: Any) -> set[str]:
    """Logical ids that a part of a template names."""
    if isinstance(node, list):
        return {name for item in node for name in _referred(item)}
    if not isinstance(node, dict):
        return set()
    if "Ref" in node:
        return {node["Ref"]}
    if "Fn::GetAtt" in node:
        return {node["Fn::GetAtt"][0]}
    return {name for value in node.values() for name in _referred(value)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _services(statement: dict[str, Any]) -> set[str]:
    principal = statement.get("Principal", {})
    return set(_listed(principal.get("Service", []))) if isinstance(principal, dict) else set()


# --- 2: Firehose tries its rights when it is created


@pytest.mark.parametrize("environment", [*REAL, "local"])
def test_a_delivery_is_made_after_every_policy_of_its_roles(environment: str, templates: Every) -> None:
    template = templates[environment]["Pipeline"]
    policies = {
        name: set(_referred(r["Properties"]["Roles"])) for name, r in _of(template, "AWS::IAM::Policy")
    }
    deliveries = list(_of(template, "AWS::KinesisFirehose::DeliveryStream"))
    assert len(deliveries) == 5
    for name, delivery in deliveries:
        referred = _referred(delivery["Properties"]) & set(template["Resources"])
        roles = {r for r in referred if template["Resources"][r]["Type"] == "AWS::IAM::Role"}
        wanted = {policy for policy, held_by in policies.items() if held_by & roles}
        assert wanted
        assert wanted <= set(_listed(delivery["DependsOn"])), name


# --- 7, 8: from an alarm to a person


@pytest.mark.parametrize("environment", REAL)
def test_the_way_of_every_alarm_to_a_person_is_open(environment: str, templates: Every) -> None:
    """Alarm or budget → topic → topic policy → key policy: each lets the service through, and somebody subscribes."""
    walked = 0
    for template in templates[environment].values():
        senders = [
            (name, "cloudwatch", r["Properties"].get("AlarmActions", []))
            for name, r in _of(template, "AWS::CloudWatch::Alarm")
            if "AlarmName" in r["Properties"]
        ]
        senders += [
            (
                name,
                "budgets",
                [
                    s["Address"]
                    for n in r["Properties"]["NotificationsWithSubscribers"]
                    for s in n["Subscribers"]
                ],
            )
            for name, r in _of(template, "AWS::Budgets::Budget")
        ]
        senders += [
            (
                name,
                "events",
                [
                    t["Arn"]
                    for t in r["Properties"]["Targets"]
                    if "Topic" in str(_referred(t["Arn"])) and not _role_may_publish(template, t)
                ],
            )
            for name, r in _of(template, "AWS::Events::Rule")
        ]
        for name, service, topics in senders:
            assert topics or service == "events", f"{name} notifies nobody"
            for topic in topics:
                (topic_id,) = _referred(topic)
                _assert_may_publish(template, topic_id, service, templates[environment])
                walked += 1
    assert walked >= 20


def _role_may_publish(template: Template, target: dict[str, Any]) -> bool:
    """Whether the target publishes by a role of its own, which its policy lets publish to the target's topic."""
    if "RoleArn" not in target:
        return False
    (role,) = _referred(target["RoleArn"])
    return any(
        s["Effect"] == "Allow"
        and "sns:Publish" in _listed(s["Action"])
        and _referred(s["Resource"]) == _referred(target["Arn"])
        for _, policy in _of(template, "AWS::IAM::Policy")
        if role in str(policy["Properties"]["Roles"])
        for s in policy["Properties"]["PolicyDocument"]["Statement"]
    )


def _assert_may_publish(template: Template, topic_id: str, service: str, stacks: dict[str, Template]) -> None:
    topic = template["Resources"][topic_id]["Properties"]
    principal = f"{service}.amazonaws.com"
    policies = [
        r
        for _, r in _of(template, "AWS::SNS::TopicPolicy")
        if topic_id in _referred(r["Properties"]["Topics"])
    ]
    assert any(
        s["Effect"] == "Allow" and principal in _services(s) and "sns:Publish" in _listed(s["Action"])
        for policy in policies
        for s in policy["Properties"]["PolicyDocument"]["Statement"]
    ), f"{service} may not publish to {topic_id}"
    key = topic.get("KmsMasterKeyId")
    if key is None:
        return
    ((_, own_key),) = _of(stacks["Pipeline"], "AWS::KMS::Key")  # the one key of an environment
    assert "Key" in json.dumps(key)
    granted = {
        action
        for s in own_key["Properties"]["KeyPolicy"]["Statement"]
        if s["Effect"] == "Allow" and principal in _services(s)
        for action in _listed(s["Action"])
    }
    assert granted >= {"kms:Decrypt", "kms:GenerateDataKey*"}, f"{service} may not use the topic's key"


def test_an_environment_with_addresses_has_a_subscriber_for_each_topic(templates: Every) -> None:
    for template in templates["everything"].values():
        # the topic of carts is for the shop's own systems, which subscribe themselves
        topics = {name for name, _ in _of(template, "AWS::SNS::Topic") if not name.startswith("CartTopic")}
        subscribed = {
            n
            for _, r in _of(template, "AWS::SNS::Subscription")
            for n in _referred(r["Properties"]["TopicArn"])
        }
        assert topics <= subscribed


def test_the_notifying_services_are_those_of_the_walk() -> None:
    assert set(NOTIFIERS) == {"cloudwatch", "budgets", "events"}


# --- 9, 18: alarms that cannot fire, or cannot stop


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for m in alarm.get("Metrics", []) if "MetricStat" in m]


@pytest.mark.parametrize("environment", ["prod", "everything"])
def test_the_canary_cannot_feed_no_traffic(environment: str, templates: Every) -> None:
    ((_, alarm),) = (
        (n, r["Properties"])
        for n, r in _of(templates[environment]["Monitoring"], "AWS::CloudWatch::Alarm")
        if r["Properties"]["AlarmName"].endswith("-no-traffic")
    )
    ids = {m["MetricStat"]["Metric"]["Namespace"]: m["Id"] for m in _metrics(alarm)}
    (expression,) = (m["Expression"] for m in alarm["Metrics"] if "Expression" in m)
    assert expression == f"FILL({ids['AWS/ApiGateway']}, 0) - FILL({ids['Rastro/Canary']}, 0)"
    (canary,) = (m["MetricStat"] for m in _metrics(alarm) if m["Id"] == ids["Rastro/Canary"])
    assert (canary["Metric"]["MetricName"], canary["Stat"]) == (
        "Accepted",
        "SampleCount",
    )  # one for each post
    assert {m["MetricStat"]["Period"] for m in _metrics(alarm)} == {1800}


@pytest.mark.parametrize("environment", REAL)
def test_alarms_on_dynamodb_can_leave_alarm(environment: str, templates: Every) -> None:
    """A plain alarm on AWS/DynamoDB ignores missing data whatever it says; one on an expression does not."""
    seen = 0
    for _, resource in _of(templates[environment]["Monitoring"], "AWS::CloudWatch::Alarm"):
        alarm = resource["Properties"]
        assert alarm.get("Namespace") != "AWS/DynamoDB", alarm["AlarmName"]
        if any(m["MetricStat"]["Metric"]["Namespace"] == "AWS/DynamoDB" for m in _metrics(alarm)):
            seen += 1
            assert [m["Expression"] for m in alarm["Metrics"] if "Expression" in m] == ["FILL(throttled, 0)"]
    assert seen == 2


# --- 3, 11: what keeps data keeps it whole

KEPT = (
    *("AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key"),
    *("AWS::Glue::Database", "AWS::Glue::Table", "AWS::ECR::Repository"),
)


@pytest.mark.parametrize(
    ("environment", "policy"), [("prod", "Retain"), ("dev", "Delete"), ("test", "Delete")]
)
def test_keep_data_keeps_streams_bucket_tables_and_their_policies(
    environment: str, policy: str, templates: Every, assemblies: dict[str, Path]
) -> None:
    seen = set()
    for template in templates[environment].values():
        for name, resource in template["Resources"].items():
            if resource["Type"] in KEPT:
                seen.add(resource["Type"])
                assert resource.get("DeletionPolicy", "Delete") == policy, name
    assert seen >= set(KEPT) - {"AWS::KMS::Key"}
    manifest = json.loads((assemblies[environment] / "manifest.json").read_text(encoding="utf-8"))
    protected = {
        name
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
        and artifact["properties"].get("terminationProtection")
    }
    assert protected == ({"Pipeline", "Image"} if policy == "Retain" else set())


def test_without_keep_data_nothing_stays(templates: Every) -> None:
    """But log streams, which go with their group."""
    for environment in ("dev", "test", "local"):
        for template in templates[environment].values():
            for name, resource in template["Resources"].items():
                if resource["Type"] != "AWS::Logs::LogStream":
                    assert resource.get("DeletionPolicy", "Delete") == "Delete", (environment, name)


# --- 4: names are unique in an account

# Named inside of something that has the environment's name: a database, a role, a service.
_WITHIN = {
    *("AWS::Glue::Table", "AWS::S3::BucketPolicy", "AWS::IAM::Policy"),
    "AWS::ApplicationAutoScaling::ScalingPolicy",
}
_OWN_KEYS = {
    *(
        "FunctionName",
        "DeliveryStreamName",
        "RoleName",
        "PolicyName",
        "TopicName",
        "AlarmName",
        "DashboardName",
    ),
    *(
        "StreamName",
        "TableName",
        "RepositoryName",
        "ClusterName",
        "ServiceName",
        "Family",
        "AliasName",
        "BucketName",
    ),
    *("LogGroupName", "BudgetName", "DataSetId", "DataSourceId", "DashboardId", "WebACLName", "DatabaseName"),
}


@pytest.mark.parametrize("environment", [*REAL, "local"])
def test_every_name_of_ours_has_the_environment_in_it(environment: str, templates: Every) -> None:
    """A second environment in the same account must not meet the names of the first."""
    prefixes = (
        f"rastro-{environment}",
        f"rastro_{environment}",
        f"/rastro-{environment}",
        f"alias/rastro-{environment}",
        f"/aws/vendedlogs/states/rastro-{environment}",  # Step Functions logs below this prefix only
    )
    seen = 0
    for template in templates[environment].values():
        for name, resource in template["Resources"].items():
            properties = resource.get("Properties", {})
            own = {
                key: value for key, value in properties.items() if key in _OWN_KEYS and isinstance(value, str)
            }
            if resource["Type"] in {
                "AWS::CloudFront::Function", "AWS::WAFv2::WebACL", "AWS::SSM::Parameter", "AWS::Athena::WorkGroup",
                "AWS::ApiGatewayV2::Api", "AWS::ECS::Cluster", "AWS::Kinesis::Stream",
            }:  # fmt: skip
                own["Name"] = properties.get("Name", properties.get("ClusterName"))
            if resource["Type"] in _WITHIN:
                continue
            for key, value in own.items():
                seen += 1
                assert isinstance(value, str), (name, key)
                assert value.startswith(prefixes), f"{name}: {key} is {value}"
    assert seen > 5


# --- 13, 16, 19, 20, 22, 26


@pytest.mark.parametrize("environment", REAL)
def test_an_update_does_not_reset_a_number_of_tasks_that_scales(environment: str, templates: Every) -> None:
    template = templates[environment]["Consumer"]
    ((_, service),) = _of(template, "AWS::ECS::Service")
    scales = any(_of(template, "AWS::ApplicationAutoScaling::ScalableTarget"))
    assert ("DesiredCount" in service["Properties"]) is not scales


@pytest.mark.parametrize("environment", REAL)
def test_a_missing_object_of_the_session_log_is_a_404(environment: str, templates: Every) -> None:
    """S3 answers 403 to a read of a missing object unless the reader may list the bucket without a condition."""
    statements = [
        s
        for name, r in _of(templates[environment]["Consumer"], "AWS::IAM::Policy")
        if name.startswith("TaskRole")
        for s in r["Properties"]["PolicyDocument"]["Statement"]
        if "s3:ListBucket" in _listed(s["Action"])
    ]
    assert [s.get("Condition") for s in statements] == [None]


@pytest.mark.parametrize("environment", loader.names())
def test_raw_addresses_are_gone_after_raw_days(environment: str, templates: Every) -> None:
    ((_, bucket),) = _of(templates[environment]["Pipeline"], "AWS::S3::Bucket")
    rules = [r for r in bucket["Properties"]["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == "raw/"]
    expires = min(r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r)
    old = min(
        r["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for r in rules
        if "NoncurrentVersionExpiration" in r
    )
    assert expires + old <= loader.read(environment).lake.raw_days


@pytest.mark.parametrize("environment", REAL)
def test_services_are_trusted_for_this_account_alone(environment: str, templates: Every) -> None:
    """Firehose, CloudWatch, Budgets and EventBridge act for every customer of AWS: without a condition, for any."""
    shared = {"firehose.amazonaws.com", *(f"{name}.amazonaws.com" for name in NOTIFIERS)}
    seen = 0
    for template in templates[environment].values():
        for name, resource in template["Resources"].items():
            properties = resource.get("Properties", {})
            for key in ("AssumeRolePolicyDocument", "PolicyDocument", "KeyPolicy"):
                for statement in properties.get(key, {}).get("Statement", ()):
                    if _services(statement) & shared:
                        seen += 1
                        condition = json.dumps(statement.get("Condition"))
                        assert "aws:SourceAccount" in condition or "aws:SourceArn" in condition, name
    assert seen >= 7


def test_no_metrics_by_route_are_paid_for(templates: Every) -> None:
    for environment in templates.values():
        for _, stage in _of(environment["Pipeline"], "AWS::ApiGatewayV2::Stage"):
            assert not stage["Properties"].get("DefaultRouteSettings", {}).get("DetailedMetricsEnabled")


def test_a_line_of_the_access_log_is_json_whatever_the_error_says(templates: Every) -> None:
    """`messageString` brings its own quotes and `-` when there is no error; all others are bare values."""
    for environment in templates.values():
        ((_, stage),) = _of(environment["Pipeline"], "AWS::ApiGatewayV2::Stage")
        text = stage["Properties"]["AccessLogSettings"]["Format"]
        assert "messageString" not in text
        assert json.loads(re.sub(r"\$context\.[\w.]+", "Bad Request", text))


def test_quicksight_may_use_the_key_where_it_reads(templates: Every) -> None:
    ((_, key),) = _of(templates["everything"]["Pipeline"], "AWS::KMS::Key")
    statements = [s for s in key["Properties"]["KeyPolicy"]["Statement"] if "aws-quicksight" in json.dumps(s)]
    (statement,) = statements
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"]["StringEquals"] == {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}
    ((_, key),) = _of(templates["prod"]["Pipeline"], "AWS::KMS::Key")
    assert "quicksight" not in json.dumps(key)


# --- 14: wheels and the runtime's C library

RUNTIME_GLIBC = {"3.12": 34, "3.13": 34, "3.14": 34}
"""Amazon Linux 2023 under Lambda's Pythons (Lambda guide, runtimes); 3.11 is on Amazon Linux 2 with glibc 2.26."""


def test_wheels_fit_every_python_that_can_be_chosen() -> None:
    import dataclasses

    (field,) = (f for f in dataclasses.fields(Ingest) if f.name == "python")
    chosen = set(field.metadata["choices"]) - {"host"}
    assert chosen == set(RUNTIME_GLIBC)
    assert all(RUNTIME_GLIBC[python] >= lambda_zip.NEWEST_GLIBC for python in chosen)
