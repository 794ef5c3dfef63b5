"""What the consumer's task may do: exactly what KCL and our edges call."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from infra.environments.resource_names import KCL_TABLES
from infra.stacks.pipeline.stack import PipelineStack
from lake import layout

_TABLE = (
    "dynamodb:CreateTable",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:Scan",
)


def grant(role: iam.IRole, pipeline: PipelineStack, application: str, *, fan_out: bool) -> None:
    """Read the raw stream, write the enriched one and rejected events, keep leases and session log."""
    scope = Stack.of(role)
    tables = [_table(scope, f"{application}{suffix}") for suffix in KCL_TABLES]
    streams = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"]
    if fan_out:
        streams += ["RegisterStreamConsumer"]
    statements = [
        (streams_actions(streams), [pipeline.raw.stream_arn]),
        (["kinesis:PutRecords"], [pipeline.enriched.stream_arn]),
        (
            ["firehose:PutRecordBatch"],
            [
                delivery.delivery_stream_arn
                for delivery in (
                    pipeline.rejected_delivery,
                    pipeline.session_ends_delivery,
                    pipeline.cart_events_delivery,
                )
            ],
        ),
        (list(_TABLE), tables),
        (
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            [pipeline.bucket.arn_for_objects(f"{layout.STATE}/*")],
        ),
    ]
    if pipeline.cart_messages is not None:
        statements.append((["events:PutEvents"], [pipeline.cart_messages.bus.event_bus_arn]))
    if fan_out:
        # KCL asks for its consumer before it has registered it, when the part after the colon (a time) does not exist.
        consumers = f"{pipeline.raw.stream_arn}/consumer/*"
        statements.append((["kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer"], [consumers]))
    for actions, resources in statements:
        role.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=resources))
    # Without a condition on the prefix: a read of a missing object carries none, and S3 answers 403 instead of 404 to
    # whoever may not list (S3 API, GetObject, permissions).
    role.add_to_principal_policy(
        iam.PolicyStatement(actions=["s3:ListBucket"], resources=[pipeline.bucket.bucket_arn])
    )
    pipeline.parameters.grant_read(role, secret=False)
    if pipeline.key:
        pipeline.key.grant_encrypt_decrypt(role)


def streams_actions(names: list[str]) -> list[str]:
    return [f"kinesis:{name}" for name in names]


def _table(scope: Stack, name: str) -> str:
    return scope.format_arn(
        service="dynamodb",
        resource="table",
        resource_name=name,
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
