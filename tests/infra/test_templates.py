"""What the templates must say, beyond what linters know."""

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import cloud_assembly
from infra.environments import loader
from infra.stacks import accepted_findings
from infra.stacks.pipeline import glue_types
from ingest_lambda.routes import METHODS
from schemas import json_file, parse_sites
from tests.infra import manifest
from tests.infra.synthesis import synthesize

pytestmark = pytest.mark.slow

Templates = dict[str, dict[str, Any]]
Every = dict[str, Templates]
MANIFESTS = Path(__file__).parent / "manifests"
REAL = ("dev", "test", "prod", "everything")


def resources(templates: Templates, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for template in templates.values():
        for name, resource in template["Resources"].items():
            if resource["Type"] == kind:
                yield name, resource["Properties"]


def test_each_environment_has_its_stacks(templates: Every) -> None:
    assert sorted(templates["local"]) == ["Pipeline"]
    for name in ("dev", "test", "prod"):
        assert sorted(templates[name]) == ["Analytics", "Consumer", "Image", "Jobs", "Monitoring", "Pipeline"]
    assert {"Edge", "Dashboards"} < set(templates["everything"])


def test_stacks_come_after_those_they_need(assemblies: dict[str, Path]) -> None:
    """Data sets read views, views need the workgroup; the service needs the image's repository."""
    order = [stack.id for stack in cloud_assembly.stacks(assemblies["everything"])]
    for earlier, later in (
        ("Pipeline", "Analytics"),
        ("Analytics", "Dashboards"),
        ("Analytics", "Jobs"),
        ("Image", "Consumer"),
    ):
        assert order.index(earlier) < order.index(later)


@cache
def _linter(region: str) -> Any:
    """cfn-lint with its rules, which take a second to load."""
    from cfnlint import ManualArgs
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    arguments = ManualArgs(
        regions=[region],
        ignore_checks=[
            "W3005",  # DependsOn that a reference implies anyway: CDK writes both
            "W7001",  # a mapping that nothing uses: CDK's Firehose construct writes it
        ],
    )
    return Runner(ConfigMixIn(**arguments))


@pytest.mark.parametrize("environment", REAL)
def test_cfn_lint_finds_nothing(environment: str, assemblies: dict[str, Path]) -> None:
    from cfnlint.decode.decode import decode_str

    found = []
    for path in sorted(assemblies[environment].glob("*.template.json")):
        region = "us-east-1" if path.name.startswith("Edge") else "sa-east-1"
        template, errors = decode_str(path.read_text(encoding="utf-8"))
        found += [
            f"{path.name} {match.rule.id} {match.message} {match.path}"
            for match in (*errors, *_linter(region).validate_template(template))
        ]
    # Both are younger than the schemas of this cfn-lint; CloudFormation documents them.
    young = ("'RecordDistributionStrategy' was unexpected", "Fn::GetStackOutput")
    found = [line for line in found if not any(word in line for word in young)]
    assert found == []


def test_streams_place_records_by_key_whatever_the_mode(templates: Every) -> None:
    """Order inside a visitor hangs on it. Provisioned streams always do, and refuse the property."""
    for environment in templates.values():
        streams = list(resources(environment, "AWS::Kinesis::Stream"))
        assert len(streams) == 2
        for _, stream in streams:
            on_demand = stream["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
            assert stream.get("RecordDistributionStrategy") == ("USER_PARTITION_KEY" if on_demand else None)
            assert ("ShardCount" in stream) is not on_demand


def test_retention_is_a_day_in_dev_and_a_week_in_prod(templates: Every) -> None:
    hours = {
        name: {s["RetentionPeriodHours"] for _, s in resources(templates[name], "AWS::Kinesis::Stream")}
        for name in ("dev", "prod")
    }
    assert hours == {"dev": {24}, "prod": {168}}


def test_every_log_group_forgets(templates: Every) -> None:
    for environment in templates.values():
        for name, group in resources(environment, "AWS::Logs::LogGroup"):
            assert group.get("RetentionInDays"), name


def test_tables_have_the_columns_of_the_contract(templates: Every) -> None:
    columns = json_file("enriched.columns.json")["columns"]
    for environment in templates.values():
        tables = {
            t["TableInput"]["Name"]: t["TableInput"] for _, t in resources(environment, "AWS::Glue::Table")
        }
        assert [(c["Name"], c["Type"]) for c in tables["enriched"]["StorageDescriptor"]["Columns"]] == [
            (c["name"], c["type"]) for c in columns
        ]
        assert [c["Name"] for c in tables["rejected"]["StorageDescriptor"]["Columns"]][:3] == [
            "rejected_at", "stage", "reason",
        ]  # fmt: skip


def test_partition_projection_covers_what_firehose_writes(templates: Every) -> None:
    for environment in templates.values():
        for _, table in resources(environment, "AWS::Glue::Table"):
            parameters = table["TableInput"]["Parameters"]
            first, last = parameters["projection.dt.range"].split(",")
            assert date.fromisoformat(first) <= date(2026, 11, 1)
            assert last == "NOW+1DAYS"
            assert parameters["projection.hour.range"] == "0,23"
            assert parameters["projection.hour.digits"] == "2"  # Firehose writes hour=07
            keys = [key["Name"] for key in table["TableInput"]["PartitionKeys"]]
            assert keys == ["dt", "hour"]
            enabled = parameters["projection.enabled"]
            assert str(enabled).lower() == "true"
        for _, delivery in resources(environment, "AWS::KinesisFirehose::DeliveryStream"):
            prefix = delivery["ExtendedS3DestinationConfiguration"]["Prefix"]
            assert re.search(r"^[a-z_]+/dt=!\{timestamp:yyyy-MM-dd\}/hour=!\{timestamp:HH\}/$", prefix), (
                prefix
            )


def test_deliveries_convert_into_the_table_under_their_prefix(templates: Every) -> None:
    for environment in templates.values():
        converting = set()
        for _, delivery in resources(environment, "AWS::KinesisFirehose::DeliveryStream"):
            s3 = delivery["ExtendedS3DestinationConfiguration"]
            conversion = s3.get("DataFormatConversionConfiguration")
            assert s3["ErrorOutputPrefix"].startswith("errors/")
            if not conversion:
                assert s3["CompressionFormat"] == "GZIP"
                continue
            folder = s3["Prefix"].split("/")[0]
            converting.add(folder)
            assert s3["BufferingHints"]["SizeInMBs"] >= 64  # what Firehose demands for conversion
            table = conversion["SchemaConfiguration"]["TableName"]["Ref"]
            assert folder.replace("_", "") in table.lower()
        assert converting == {"enriched", "rejected", "session_ends", "cart_events"}


def test_the_lake_is_private_versioned_and_tls_only(templates: Every) -> None:
    for environment in templates.values():
        ((_, bucket),) = resources(environment, "AWS::S3::Bucket")
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        ((_, policy),) = resources(environment, "AWS::S3::BucketPolicy")
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [s["Condition"] for s in denied]
        assert any("NumericLessThan" in s["Condition"] for s in denied)  # old TLS


def test_prod_keeps_its_data(templates: Every, assemblies: dict[str, Path]) -> None:
    retained = {"AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Glue::Database"}
    for resource in templates["prod"]["Pipeline"]["Resources"].values():
        if resource["Type"] in retained:
            assert resource["DeletionPolicy"] == "Retain", resource["Type"]
    manifest = json.loads((assemblies["prod"] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["artifacts"]["Pipeline"]["properties"]["terminationProtection"] is True


def test_nothing_may_do_everything(templates: Every) -> None:
    """No action is a bare wildcard or a whole service; `*` as resource only where AWS takes no other."""
    free = {"ecr:GetAuthorizationToken", "kms:*"}  # kms:* in the key's own policy means this key
    # Step Functions' log delivery and traces
    free |= {f"logs:{name}LogDelivery" for name in ("Create", "Get", "Update", "Delete")}
    free |= {"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"}
    free |= {"logs:DescribeLogGroups", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    for environment in templates.values():
        for template in environment.values():
            for name, resource in template["Resources"].items():
                for statement in _statements(resource):
                    if statement["Effect"] == "Deny":
                        continue
                    actions = statement["Action"]
                    for action in [actions] if isinstance(actions, str) else actions:
                        assert action in free or not re.fullmatch(r"(\w+:)?\*", action), (name, action)
                        if statement.get("Resource") == "*" and resource["Type"] == "AWS::IAM::Policy":
                            assert action in free, (name, action)


def _statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource.get("Properties", {})
    for key in ("PolicyDocument", "KeyPolicy"):
        if key in properties:
            found: list[dict[str, Any]] = properties[key]["Statement"]
            return found
    return []


def test_the_consumer_may_use_what_kcl_needs(templates: Every) -> None:
    actions: set[str] = set()
    targets = ""
    for name, policy in resources(templates["prod"], "AWS::IAM::Policy"):
        if name.startswith("TaskRole"):
            for statement in policy["PolicyDocument"]["Statement"]:
                given = statement["Action"]
                actions |= {given} if isinstance(given, str) else set(given)
                targets += json.dumps(statement["Resource"])
    assert {
        "kinesis:GetRecords",
        "kinesis:ListShards",
        "kinesis:PutRecords",
    } <= actions
    # What DynamoDBLeaseRefresher of KCL 2.7.2 calls, and our processor that gives a lease back; one table, no index.
    calls = ("CreateTable", "DescribeTable", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Scan")
    assert {action for action in actions if action.startswith("dynamodb:")} == {
        f"dynamodb:{call}" for call in calls
    }
    assert ":table/rastro-prod-consumer" in targets
    assert "/index/" not in targets
    assert "kinesis:SubscribeToShard" not in actions  # polling


def test_the_consumer_is_locked_down_and_may_hand_over(templates: Every) -> None:
    for name in REAL:
        ((_, task),) = resources(templates[name], "AWS::ECS::TaskDefinition")
        (container,) = task["ContainerDefinitions"]
        assert container["ReadonlyRootFilesystem"] is True
        assert container["User"] == "10001:10001"
        assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
        assert container["StopTimeout"] >= 30  # KCL's grace is 10 s, and it lingers for one failover time
        assert container["HealthCheck"]["Command"] == ["CMD", "python", "-m", "enrich_consumer", "health"]
        assert container["MountPoints"] == [
            {"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "tmp"}
        ]
        ((_, service),) = resources(templates[name], "AWS::ECS::Service")
        assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
            "Enable": True,
            "Rollback": True,
        }
        assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


def test_the_consumers_settings_can_be_read_by_the_consumer(templates: Every) -> None:
    from enrich_consumer.settings import Settings

    for name in REAL:
        ((_, task),) = resources(templates[name], "AWS::ECS::TaskDefinition")
        env = {
            entry["Name"]: entry["Value"] if isinstance(entry["Value"], str) else "ssm:/x"
            for entry in task["ContainerDefinitions"][0]["Environment"]
        }
        assert Settings.from_env(env).application == f"rastro-{name}-consumer"
        known = {f"RASTRO_{field.upper()}" for field in Settings._fields} | {"AWS_REGION"}
        assert set(env) <= known


def test_ingests_settings_can_be_read_by_ingest(templates: Every) -> None:
    from ingest_lambda.settings import Settings

    for name, environment in templates.items():
        function = next(
            f for _, f in resources(environment, "AWS::Lambda::Function")
            if f["Handler"] == "ingest_lambda.handler.handler"
        )  # fmt: skip
        given = function["Environment"]["Variables"]
        filled = dict.fromkeys(
            ("RASTRO_PAYLOADS", "RASTRO_IMPORTS"), "s3://bucket/prefix"
        )  # joined from its name
        env = {k: v if isinstance(v, str) else filled.get(k, "x") for k, v in given.items()}
        settings = Settings.from_env(env)
        assert settings.sites == f"ssm:/rastro-{name}/sites"
        headers = {"everything": "x-rastro-viewer", "local": "cloudfront-viewer-address"}
        assert settings.viewer_header == headers.get(name)


def test_behind_the_edge_no_route_answers_without_the_secret(templates: Every) -> None:
    routes = list(resources(templates["everything"], "AWS::ApiGatewayV2::Route"))
    assert len(routes) == sum(map(len, METHODS.values())) + 1, "one for each method, and the catch-all"
    assert {route["AuthorizationType"] for _, route in routes} == {"CUSTOM"}
    ((_, distribution),) = resources(templates["everything"], "AWS::CloudFront::Distribution")
    (origin,) = distribution["DistributionConfig"]["Origins"]
    assert origin["OriginCustomHeaders"] == [
        {"HeaderName": "x-rastro-origin", "HeaderValue": {"Ref": "OriginSecret"}}
    ]
    assert distribution["DistributionConfig"]["WebACLId"]
    assert templates["everything"]["Edge"]["Parameters"]["OriginSecret"]["NoEcho"] is True


def test_the_edge_keeps_the_storefronts_scripts_and_nothing_else(templates: Every) -> None:
    ((_, distribution),) = resources(templates["everything"], "AWS::CloudFront::Distribution")
    config = distribution["DistributionConfig"]
    (scripts,) = config["CacheBehaviors"]
    assert scripts["PathPattern"] == "/r/*"
    assert scripts["TargetOriginId"] == config["DefaultCacheBehavior"]["TargetOriginId"]
    # Managed-CachingOptimized: by path and Accept-Encoding, as long as Cache-Control says. Managed-CachingDisabled.
    assert scripts["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert config["DefaultCacheBehavior"]["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert "OriginRequestPolicyId" not in scripts, (
        "no cookie and no header of a visitor reaches a kept answer"
    )
    for environment in templates.values():
        ((_, function),) = (
            (name, found)
            for name, found in resources(environment, "AWS::Lambda::Function")
            if name.startswith("Ingest")
        )
        assert function["Environment"]["Variables"]["RASTRO_SCRIPTS_PATH"] == "/r/"


def test_no_secret_is_in_a_template(templates: Every) -> None:
    """Site keys are public by nature; they are in the sites document. Nothing else may look like a secret."""
    for environment in templates.values():
        for template in environment.values():
            for name, resource in template["Resources"].items():
                text = json.dumps(resource)
                assert "SecureString" not in text, name
                assert not re.search(r"AKIA[0-9A-Z]{16}", text), name


def test_each_acknowledgement_is_still_needed(assemblies: dict[str, Path]) -> None:
    """One that fits no construct of any environment is out of date."""
    paths: set[str] = set()
    for folder in assemblies.values():
        for file in folder.glob("*.metadata.json"):
            paths |= {entry.lstrip("/") for entry in json.loads(file.read_text(encoding="utf-8"))}
    for finding in accepted_findings.ACCEPTED_FINDINGS:
        assert any(path == finding.path or path.startswith(f"{finding.path}/") for path in paths), finding
        assert len(finding.reason) > 20


def test_synthesis_gives_the_same_bytes_again(assemblies: dict[str, Path], tmp_path: Path) -> None:
    synthesize(loader.read("dev"), tmp_path / "again")
    for path in sorted(assemblies["dev"].glob("*.template.json")):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_every_column_type_is_one_of_athenas() -> None:
    for column in json_file("enriched.columns.json")["columns"]:
        glue_types.check(column["type"])


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_manifest_is_up_to_date(
    environment: str, templates: Every, request: pytest.FixtureRequest
) -> None:
    """A change of the infrastructure shows in the review as a diff of the manifest."""
    found = manifest.lines(templates[environment])
    path = MANIFESTS / f"{environment}.txt"
    if request.config.getoption("--renew-manifests"):
        path.write_text("\n".join(found) + "\n", encoding="utf-8")
    committed = path.read_text(encoding="utf-8").splitlines()
    changed = [*(f"- {line}" for line in committed if line not in found)]
    changed += [f"+ {line}" for line in found if line not in committed]
    assert not changed, "look at the changes, then run: make manifests\n" + "\n".join(changed)


def test_example_sites_documents_can_be_used() -> None:
    for path in (loader.FOLDER / "sites").glob("*.json"):
        assert parse_sites(path.read_text(encoding="utf-8")).by_name
