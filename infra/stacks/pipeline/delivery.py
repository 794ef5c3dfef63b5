"""Firehose: enriched stream → Parquet, raw stream → archive, rejected events → Parquet."""

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from infra.environments.settings import Environment
from infra.stacks.log_retention import log_retention
from infra.stacks.pipeline import delivery_role
from infra.stacks.pipeline.glue_tables import table_name
from lake import layout

_PARTITION = f"{layout.DAY}=!{{timestamp:yyyy-MM-dd}}/{layout.HOUR}=!{{timestamp:HH}}/"


def enriched(
    scope: Construct,
    environment: Environment,
    source: kinesis.Stream,
    bucket: s3.Bucket,
    table: glue.S3Table,
    own_key: kms.Key | None,
) -> firehose.DeliveryStream:
    destination, policy = _to_parquet(scope, "Enriched", layout.ENRICHED, environment, bucket, table, own_key)
    made = firehose.DeliveryStream(
        scope,
        "EnrichedDelivery",
        delivery_stream_name=f"{environment.prefix}-enriched",
        source=firehose.KinesisStreamSource(source),
        role=delivery_role.trusted_by_firehose(scope, "EnrichedSourceRole"),
        destination=destination,
    )
    made.node.add_dependency(policy)
    return made


def direct(
    scope: Construct,
    name: str,
    prefix: str,
    environment: Environment,
    bucket: s3.Bucket,
    table: glue.S3Table,
    own_key: kms.Key | None,
) -> firehose.DeliveryStream:
    """Ingest and consumer write to it by name (Direct PUT). `name`: of the table, in CamelCase."""
    destination, policy = _to_parquet(scope, name, prefix, environment, bucket, table, own_key)
    made = firehose.DeliveryStream(
        scope,
        f"{name}Delivery",
        delivery_stream_name=f"{environment.prefix}-{table_name(name).replace('_', '-')}",
        encryption=(
            firehose.StreamEncryption.customer_managed_key(own_key)
            if own_key
            else firehose.StreamEncryption.aws_owned_key()
        ),
        role=delivery_role.trusted_by_firehose(scope, f"{name}SourceRole"),
        destination=destination,
    )
    made.node.add_dependency(policy)
    return made


def raw_archive(
    scope: Construct,
    environment: Environment,
    source: kinesis.Stream,
    bucket: s3.Bucket,
    own_key: kms.Key | None,
) -> firehose.DeliveryStream:
    """Every raw record as it came, one JSON object a line, gzip: what a backfill reads."""
    log = _log(scope, "Raw", environment)
    role, policy = delivery_role.role(scope, "Raw", layout.RAW, bucket, own_key, log)
    made = firehose.DeliveryStream(
        scope,
        "RawDelivery",
        delivery_stream_name=f"{environment.prefix}-raw",
        source=firehose.KinesisStreamSource(source),
        role=delivery_role.trusted_by_firehose(scope, "RawSourceRole"),
        destination=firehose.S3Bucket(
            bucket,
            buffering_interval=Duration.seconds(environment.delivery.buffer_seconds),
            buffering_size=Size.mebibytes(environment.delivery.buffer_mib),
            compression=firehose.Compression.GZIP,
            data_output_prefix=f"{layout.RAW}{_PARTITION}",
            encryption_key=own_key,
            error_output_prefix=_errors("raw"),
            logging_config=firehose.EnableLogging(log),
            processors=[firehose.AppendDelimiterToRecordProcessor()],
            role=role,
        ),
    )
    made.node.add_dependency(policy)
    return made


def _to_parquet(
    scope: Construct,
    name: str,
    prefix: str,
    environment: Environment,
    bucket: s3.Bucket,
    table: glue.S3Table,
    own_key: kms.Key | None,
) -> tuple[firehose.S3Bucket, IConstruct]:
    """The destination, and the policy that must be there before the delivery."""
    log = _log(scope, name, environment)
    source = (environment.database, table_name(name))
    role, policy = delivery_role.role(scope, name, prefix, bucket, own_key, log, source)
    destination = firehose.S3Bucket(
        bucket,
        buffering_interval=Duration.seconds(environment.delivery.buffer_seconds),
        buffering_size=Size.mebibytes(environment.delivery.buffer_mib),
        data_output_prefix=f"{prefix}{_PARTITION}",
        encryption_key=own_key,
        error_output_prefix=_errors(table_name(name)),
        logging_config=firehose.EnableLogging(log),
        role=role,
        data_format_conversion=firehose.DataFormatConversionProps(
            # OpenX reads 2026-11-21T10:00:00.123Z as it is; Hive would need the format spelt out.
            input_format=firehose.OpenXJsonInputFormat(),
            # Of what Firehose offers, gzip makes the smallest files; Athena bills by bytes read.
            output_format=firehose.ParquetOutputFormat(compression=firehose.ParquetCompression.GZIP),
            schema_configuration=firehose.SchemaConfiguration.from_cfn_table(
                cast("glue.CfnTable", table.node.default_child)
            ),
        ),
    )
    return destination, policy


def _errors(name: str) -> str:
    return f"{layout.ERRORS}{name}/!{{firehose:error-output-type}}/dt=!{{timestamp:yyyy-MM-dd}}/"


def _log(scope: Construct, name: str, environment: Environment) -> logs.LogGroup:
    """Firehose says there why a record could not be converted."""
    return logs.LogGroup(
        scope,
        f"{name}DeliveryLog",
        retention=log_retention(environment.protection.log_days),
        removal_policy=RemovalPolicy.DESTROY,
    )
