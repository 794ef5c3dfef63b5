"""What AWS demands beyond a template's grammar: each test walks all templates for one kind of fault."""

import json
import re
from pathlib import Path

import pytest

from infra.environments import loader
from infra.environments.resource_names import NOTIFIERS
from infra.environments.settings import Ingest
from infra.packaging import lambda_zip
from tests.infra.walk import REAL, Every, listed, of_kind, referred, services

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("environment", [*REAL, "local"])
def test_a_delivery_is_made_after_every_policy_of_its_roles(environment: str, templates: Every) -> None:
    template = templates[environment]["Pipeline"]
    policies = {
        name: set(referred(r["Properties"]["Roles"])) for name, r in of_kind(template, "AWS::IAM::Policy")
    }
    deliveries = list(of_kind(template, "AWS::KinesisFirehose::DeliveryStream"))
    assert len(deliveries) == 5
    for name, delivery in deliveries:
        named = referred(delivery["Properties"]) & set(template["Resources"])
        roles = {r for r in named if template["Resources"][r]["Type"] == "AWS::IAM::Role"}
        wanted = {policy for policy, held_by in policies.items() if held_by & roles}
        assert wanted
        assert wanted <= set(listed(delivery["DependsOn"])), name


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


@pytest.mark.parametrize("environment", REAL)
def test_an_update_does_not_reset_a_number_of_tasks_that_scales(environment: str, templates: Every) -> None:
    template = templates[environment]["Consumer"]
    ((_, service),) = of_kind(template, "AWS::ECS::Service")
    scales = any(of_kind(template, "AWS::ApplicationAutoScaling::ScalableTarget"))
    assert ("DesiredCount" in service["Properties"]) is not scales


@pytest.mark.parametrize("environment", REAL)
def test_a_missing_object_of_the_session_log_is_a_404(environment: str, templates: Every) -> None:
    """S3 answers 403 to a read of a missing object unless the reader may list the bucket without a condition."""
    statements = [
        s
        for name, r in of_kind(templates[environment]["Consumer"], "AWS::IAM::Policy")
        if name.startswith("TaskRole")
        for s in r["Properties"]["PolicyDocument"]["Statement"]
        if "s3:ListBucket" in listed(s["Action"])
    ]
    assert [s.get("Condition") for s in statements] == [None]


@pytest.mark.parametrize("environment", loader.names())
def test_raw_addresses_are_gone_after_raw_days(environment: str, templates: Every) -> None:
    ((_, bucket),) = of_kind(templates[environment]["Pipeline"], "AWS::S3::Bucket")
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
                    if services(statement) & shared:
                        seen += 1
                        condition = json.dumps(statement.get("Condition"))
                        assert "aws:SourceAccount" in condition or "aws:SourceArn" in condition, name
    assert seen >= 7


def test_no_metrics_by_route_are_paid_for(templates: Every) -> None:
    for environment in templates.values():
        for _, stage in of_kind(environment["Pipeline"], "AWS::ApiGatewayV2::Stage"):
            assert not stage["Properties"].get("DefaultRouteSettings", {}).get("DetailedMetricsEnabled")


def test_a_line_of_the_access_log_is_json_whatever_the_error_says(templates: Every) -> None:
    """`messageString` brings its own quotes and `-` when there is no error; all others are bare values."""
    for environment in templates.values():
        ((_, stage),) = of_kind(environment["Pipeline"], "AWS::ApiGatewayV2::Stage")
        text = stage["Properties"]["AccessLogSettings"]["Format"]
        assert "messageString" not in text
        assert json.loads(re.sub(r"\$context\.[\w.]+", "Bad Request", text))


def test_quicksight_may_use_the_key_where_it_reads(templates: Every) -> None:
    ((_, key),) = of_kind(templates["everything"]["Pipeline"], "AWS::KMS::Key")
    statements = [s for s in key["Properties"]["KeyPolicy"]["Statement"] if "aws-quicksight" in json.dumps(s)]
    (statement,) = statements
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"]["StringEquals"] == {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}
    ((_, key),) = of_kind(templates["prod"]["Pipeline"], "AWS::KMS::Key")
    assert "quicksight" not in json.dumps(key)


RUNTIME_GLIBC = {"3.12": 34, "3.13": 34, "3.14": 34}
"""Amazon Linux 2023 under Lambda's Pythons (Lambda guide, runtimes); 3.11 is on Amazon Linux 2 with glibc 2.26."""


def test_wheels_fit_every_python_that_can_be_chosen() -> None:
    import dataclasses

    (field,) = (f for f in dataclasses.fields(Ingest) if f.name == "python")
    chosen = set(field.metadata["choices"]) - {"host"}
    assert chosen == set(RUNTIME_GLIBC)
    assert all(RUNTIME_GLIBC[python] >= lambda_zip.NEWEST_GLIBC for python in chosen)
