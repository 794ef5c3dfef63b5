"""The operator's deploy, diff and destroy, on the emulator: created, left alone, updated in place, deleted clean."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import actions, destroy, leftovers, preflight, stacks, views
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target, find_target
from infra.environments.settings import Environment
from rastro.local import deployment
from tests.infra.synthesis import synthesize

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

SERVICES = {
    "kinesis": lambda c: c.list_streams()["StreamNames"],
    "firehose": lambda c: c.list_delivery_streams()["DeliveryStreamNames"],
    "s3": lambda c: [b["Name"] for b in c.list_buckets()["Buckets"] if not b["Name"].startswith("cdk-")],
    "lambda": lambda c: [f["FunctionName"] for f in c.list_functions()["Functions"]],
    "apigatewayv2": lambda c: [a["ApiId"] for a in c.get_apis()["Items"]],
    "glue": lambda c: [d["Name"] for d in c.get_databases()["DatabaseList"] if d["Name"] != "default"],
    "logs": lambda c: [
        g["logGroupName"] for g in c.describe_log_groups()["logGroups"] if "-Log" in g["logGroupName"]
    ],
    "ssm": lambda c: [p["Name"] for p in c.describe_parameters()["Parameters"] if "rastro" in p["Name"]],
}


def _left(target: Target) -> dict[str, list[str]]:
    return {service: sorted(ask(target.client(service))) for service, ask in SERVICES.items()}


def _stream(target: Target) -> dict[str, Any]:
    found: dict[str, Any] = target.client("kinesis").describe_stream_summary(StreamName="rastro-local-raw")[
        "StreamDescriptionSummary"
    ]
    return found


def test_the_life_of_an_environment(
    target: Target, environment: Environment, folder: Path, tmp_path: Path
) -> None:
    reported: list[str] = []
    with pytest.raises(DeployError, match="not bootstrapped in us-east-1; run: make bootstrap ENV=local"):
        actions.deploy(environment, folder, target, reported.append)
    deployment.bootstrap(target.client)
    before = _left(target)

    outputs = actions.deploy(environment, folder, target, reported.append)
    assert outputs["RawStream"] == "rastro-local-raw"
    assert _left(target)["firehose"] == [
        f"rastro-local-{name}" for name in ("cart-events", "enriched", "raw", "rejected", "session-ends")
    ]
    assert _stream(target)["RetentionPeriodHours"] == 24
    secret = target.client("ssm").get_parameter(Name=outputs["SaltParameter"], WithDecryption=True)

    assert actions.diff(environment, folder, target, reported.append) is False

    target.client("s3").put_object(Bucket=outputs["Bucket"], Key="enriched/kept", Body=b"row")
    larger = replace(environment, streams=replace(environment.streams, retention_hours=48))
    second = synthesize(larger, tmp_path / "second")
    assert actions.diff(larger, second, target, reported.append) is True
    assert _stream(target)["RetentionPeriodHours"] == 24  # a diff changes nothing
    assert actions.deploy(larger, second, target, reported.append) == outputs  # nothing was replaced
    assert _stream(target)["RetentionPeriodHours"] == 48
    assert (
        target.client("s3").get_object(Bucket=outputs["Bucket"], Key="enriched/kept")["Body"].read() == b"row"
    )
    again = target.client("ssm").get_parameter(Name=outputs["SaltParameter"], WithDecryption=True)
    assert again["Parameter"]["Value"] == secret["Parameter"]["Value"]  # made once

    destroy.destroy(larger, second, target, reported.append)
    assert _left(target) == before
    assert list(leftovers.find(larger, target)) == []
    assert not [line for line in reported if line.startswith("still there")]


def test_a_diff_on_an_empty_account_leaves_nothing(
    target: Target, environment: Environment, folder: Path
) -> None:
    deployment.bootstrap(target.client)
    for _ in range(2):  # the second says the same as the first
        reported: list[str] = []
        assert actions.diff(environment, folder, target, reported.append) is True
        assert reported[0] == "rastro-local-pipeline: "
        assert [line for line in reported if "AWS::Kinesis::Stream" in line and line.startswith("  Add")]
        assert stacks.status("rastro-local-pipeline", target.client) is None
    assert list(leftovers.find(environment, target)) == []


def test_a_failed_first_creation_is_repeated_by_the_same_command(
    target: Target, environment: Environment, folder: Path, tmp_path: Path
) -> None:
    """Also where data is retained: what was made half-way must not stand in the way of the next try."""
    deployment.bootstrap(target.client)
    protected = replace(environment, protection=replace(environment.protection, keep_data=True))
    retaining = synthesize(protected, tmp_path / "kept")
    target.client("firehose").create_delivery_stream(DeliveryStreamName="rastro-local-raw")  # in the way
    reported: list[str] = []
    with pytest.raises(DeployError, match="rastro-local-pipeline: ROLLBACK_COMPLETE"):
        actions.deploy(protected, retaining, target, reported.append)
    target.client("firehose").delete_delivery_stream(DeliveryStreamName="rastro-local-raw")
    assert not [
        line
        for line in leftovers.find(protected, target)
        if line.split()[0] in {"stream", "bucket", "database"}
    ]

    actions.deploy(protected, retaining, target, reported.append)
    assert [line for line in reported if "ROLLBACK_COMPLETE since an earlier try" in line]
    stack = target.client("cloudformation").describe_stacks(StackName="rastro-local-pipeline")["Stacks"][0]
    assert stack["EnableTerminationProtection"] is True
    with pytest.raises(DeployError, match=r"[Tt]ermination ?[Pp]rotection"):
        stacks.delete("rastro-local-pipeline", target.client)

    # As the refusal of `make destroy` says: set keep_data to false, deploy, then destroy.
    actions.deploy(environment, folder, target, reported.append)
    destroy.destroy(environment, folder, target, reported.append)
    assert list(leftovers.find(environment, target)) == []


def test_rows_that_arrive_during_the_deletion_do_not_stop_it(
    target: Target, environment: Environment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.bootstrap(target.client)
    actions.deploy(environment, folder, target, print)
    really_empty, really_delete = destroy.empty, stacks.delete
    calls: list[str] = []

    def late(s3: Any, bucket: str) -> None:
        really_empty(s3, bucket)
        if not calls:  # Firehose writes what it held while its stream is being deleted
            s3.put_object(Bucket=bucket, Key="enriched/dt=2026-11-25/hour=10/late.parquet", Body=b"row")
        calls.append(bucket)

    def delete(name: str, clients: Any) -> None:
        """The emulator deletes a bucket with all that is in it; S3 does not."""
        if clients("s3").list_object_versions(Bucket=calls[0]).get("Versions"):
            raise DeployError(f"{name}: DELETE_FAILED\n  Lake (AWS::S3::Bucket): the bucket is not empty")
        really_delete(name, clients)

    monkeypatch.setattr(destroy, "empty", late)
    monkeypatch.setattr(stacks, "delete", delete)
    reported: list[str] = []
    destroy.destroy(environment, folder, target, reported.append)
    assert len(calls) == 2
    assert [line for line in reported if line.endswith("once more")]
    assert list(leftovers.find(environment, target)) == []


def test_what_s3_refuses_to_delete_is_reported() -> None:
    class Refusing:
        def get_paginator(self, _: str) -> "Refusing":
            return self

        def paginate(self, **_: str) -> list[dict[str, Any]]:
            return [{"Versions": [{"Key": "raw/1", "VersionId": "v"}]}]

        def delete_objects(self, **_: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": "raw/1", "Code": "AccessDenied", "Message": "locked"}]}

    with pytest.raises(DeployError, match="1 objects cannot be deleted; raw/1: AccessDenied locked"):
        destroy.empty(Refusing(), "lake")


def test_names_of_another_environment_are_not_taken_for_leftovers(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers.loader, "names", lambda: ["local", "local-2"])
    for name, ours in {
        "rastro-local-raw": True,
        "/rastro-local/sites": True,
        "rastro_local": True,
        "arn:aws:sns:us-east-1:000000000000:rastro-local-alarms": True,
        "/aws/ecs/containerinsights/rastro-local/performance": True,
        "arn:aws:ecs:us-east-1:000000000000:cluster/rastro-local": True,
        "/aws/vendedlogs/states/rastro-local-tables": True,
        "https://sqs.us-east-1.amazonaws.com/000000000000/rastro-local-carts-undelivered": True,
        "rastro-local/cart-signing-key": True,
        "arn:aws:ecs:us-east-1:000000000000:cluster/rastro-local-2": False,
        "rastro-local-2-raw": False,
        "rastro-locale": False,
        "other": False,
    }.items():
        assert leftovers.belongs(name, environment) is ours, name


def test_what_is_left_is_found_whatever_form_its_name_has(target: Target, environment: Environment) -> None:
    """A name, a path, an ARN, a URL."""
    sqs, ecs, secrets = (target.client(service) for service in ("sqs", "ecs", "secretsmanager"))
    queue = sqs.create_queue(QueueName="rastro-local-carts-undelivered")["QueueUrl"]
    ecs.create_cluster(clusterName="rastro-local")
    secrets.create_secret(Name="rastro-local/cart-signing-key", SecretString="x")
    try:
        assert list(leftovers.find(environment, target)) == [
            "secret rastro-local/cart-signing-key",
            f"queue {queue}",
            f"cluster arn:aws:ecs:us-east-1:{target.account}:cluster/rastro-local",
        ]
    finally:
        sqs.delete_queue(QueueUrl=queue)
        ecs.delete_cluster(cluster="rastro-local")
        secrets.delete_secret(SecretId="rastro-local/cart-signing-key", ForceDeleteWithoutRecovery=True)
    assert list(leftovers.find(environment, target)) == []


def test_a_lock_before_its_edge_is_refused_in_a_live_environment(
    target: Target, environment: Environment, folder: Path
) -> None:
    locked = replace(environment, stacks=replace(environment.stacks, edge=True))
    preflight.check_lock(target, locked)  # nothing lives there yet
    deployment.bootstrap(target.client)
    assert actions.deploy(environment, folder, target, print)["Locked"] == "false"
    with pytest.raises(DeployError, match=r"First: edge\.lock = false and deploy"):
        preflight.check_lock(target, locked)
    preflight.check_lock(target, replace(locked, edge=replace(locked.edge, lock=False)))
    destroy.destroy(environment, folder, target, print)


def test_an_environment_that_keeps_its_data_is_not_destroyed(
    target: Target, environment: Environment
) -> None:
    protected = replace(environment, protection=replace(environment.protection, keep_data=True))
    with pytest.raises(DeployError, match="local keeps its data"):
        destroy.destroy(protected, Path("nowhere"), target, print)


def test_credentials_of_another_account_are_refused(target: Target, environment: Environment) -> None:
    other = replace(environment, account=replace(environment.account, id="123456789012"))
    with pytest.raises(DeployError, match="are of account 000000000000, but local lives in 123456789012"):
        find_target(other)


def test_missing_credentials_are_refused(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(DeployError, match=r"no AWS credentials.*aws sso login"):
        find_target(environment)


def test_a_missing_image_is_reported(target: Target, environment: Environment) -> None:
    with pytest.raises(DeployError, match=r"has no image 0.2.0; run: make image ENV=local"):
        preflight.check_image(target, environment)


def test_a_quota_is_checked_before_anything_is_made(target: Target, environment: Environment) -> None:
    greedy = replace(environment, ingest=replace(environment.ingest, reserved_concurrency=9999))
    with pytest.raises(DeployError, match=r"ingest.reserved_concurrency is 9999, but the account's limit"):
        preflight.check_quotas(target, greedy)


def test_views_are_made_in_an_order_that_works() -> None:
    from analytics import queries

    made: set[str] = set()
    for name in queries.VIEWS:
        text = views.statement(name)
        assert text.startswith(f"CREATE OR REPLACE VIEW {name} AS\n")
        later = [other for other in queries.VIEWS if other not in made and other != name]
        words = set(text.replace("(", " ").replace(")", " ").split())
        assert not words & {f"FROM {other}" for other in later}
        made.add(name)
