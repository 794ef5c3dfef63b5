"""What a delivery may do: read its source, write under its own prefix, read its own table's schema."""

from typing import NamedTuple

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from infra.stacks.pipeline.glue_tables import table_name
from lake import layout


class DeliveryRole(NamedTuple):
    """`role` cannot be widened by CDK. A delivery must be created after `policy`: Firehose tries its rights at once,
    and CDK does not see that the two hang together."""

    role: iam.IRole
    policy: IConstruct


def trusted_by_firehose(scope: Construct, name: str) -> iam.Role:
    """A role that Firehose may take for deliveries of this account alone (AWS: confused deputy prevention)."""
    firehose = iam.ServicePrincipal(
        "firehose.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    )
    return iam.Role(scope, name, assumed_by=firehose)


def role(
    scope: Construct,
    name: str,
    prefix: str,
    bucket: s3.Bucket,
    own_key: kms.Key | None,
    log: logs.LogGroup,
    table: tuple[str, str] | None = None,
) -> DeliveryRole:
    """The role of the delivery `name`; `table` is (database, table), if rows are converted.

    CDK would let it read and delete everything in the bucket, and read every table; so it gets a role
    that CDK cannot widen.
    """
    made = trusted_by_firehose(scope, f"{name}DeliveryRole")
    statements = [
        (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn]),
        (
            ["s3:PutObject", "s3:AbortMultipartUpload"],
            [bucket.arn_for_objects(f"{at}*") for at in (prefix, f"{layout.ERRORS}{table_name(name)}/")],
        ),
        (["logs:PutLogEvents"], [log.log_group_arn]),
    ]
    if table is not None:
        actions = ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]
        statements.append((actions, _schema(Stack.of(scope), *table)))
    for actions, resources in statements:
        made.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
    if own_key is not None:
        own_key.grant_encrypt_decrypt(made)
    return DeliveryRole(made.without_policy_updates(), made.node.find_child("DefaultPolicy"))


def _schema(stack: Stack, database: str, table: str) -> list[str]:
    """Glue asks for the right to a table, to its database and to the catalogue."""
    return [
        stack.format_arn(service="glue", resource="catalog", arn_format=ArnFormat.NO_RESOURCE_NAME),
        stack.format_arn(service="glue", resource="database", resource_name=database),
        stack.format_arn(service="glue", resource="table", resource_name=f"{database}/{table}"),
    ]
