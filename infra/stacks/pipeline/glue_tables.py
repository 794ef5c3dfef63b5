"""The Glue database and tables. Columns come from `schemas/`, partitions from projection: no crawler."""

import re

from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.environments.settings import Environment
from infra.stacks.pipeline.bucket import removal
from infra.stacks.pipeline.glue_types import glue_type
from lake import layout
from schemas import Column, json_file
from schemas.cart_events import COLUMNS as CART_EVENT_COLUMNS
from schemas.rejected import COLUMNS as REJECTED_COLUMNS
from schemas.session_ends import COLUMNS as SESSION_END_COLUMNS


def enriched_columns() -> tuple[Column, ...]:
    """The columns of the enriched table, as committed in `schemas/enriched.columns.json`."""
    return tuple(Column(**fields) for fields in json_file("enriched.columns.json")["columns"])


def database(scope: Construct, environment: Environment) -> glue.Database:
    return glue.Database(
        scope,
        "Database",
        database_name=environment.database,
        description=f"Rastro {environment.name}: storefront events.",
        removal_policy=removal(environment),
    )


def enriched(
    scope: Construct, environment: Environment, home: glue.Database, bucket: s3.Bucket
) -> glue.S3Table:
    about = "Enriched events as they arrived, copies included; read them through the views."
    return _table(scope, "Enriched", about, layout.ENRICHED, enriched_columns(), environment, home, bucket)


def rejected(
    scope: Construct, environment: Environment, home: glue.Database, bucket: s3.Bucket
) -> glue.S3Table:
    about = "What could not become an enriched event, with the whole payload and the reason."
    return _table(scope, "Rejected", about, layout.REJECTED, REJECTED_COLUMNS, environment, home, bucket)


def session_ends(
    scope: Construct, environment: Environment, home: glue.Database, bucket: s3.Bucket
) -> glue.S3Table:
    about = "Ends of sessions with their revisions; read them through the view ended_sessions."
    prefix, columns = layout.SESSION_ENDS, SESSION_END_COLUMNS
    return _table(scope, "SessionEnds", about, prefix, columns, environment, home, bucket)


def cart_events(
    scope: Construct, environment: Environment, home: glue.Database, bucket: s3.Bucket
) -> glue.S3Table:
    about = "Carts left behind and what became of them; read them through the view abandoned_carts."
    prefix, columns = layout.CART_EVENTS, CART_EVENT_COLUMNS
    return _table(scope, "CartEvents", about, prefix, columns, environment, home, bucket)


def table_name(name: str) -> str:
    """The table of a construct's name: SessionEnds is session_ends."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _table(
    scope: Construct,
    name: str,
    about: str,
    prefix: str,
    columns: tuple[Column, ...],
    environment: Environment,
    home: glue.Database,
    bucket: s3.Bucket,
) -> glue.S3Table:
    """A Parquet table under `prefix`, partitioned by the UTC day and hour of arrival."""
    table = glue.S3Table(
        scope,
        f"{name}Table",
        database=home,
        table_name=table_name(name),
        description=about,
        data_format=glue.DataFormat.PARQUET,
        columns=[glue.Column(name=c.name, type=glue_type(c.type), comment=c.meaning[:255]) for c in columns],
        partition_keys=[
            glue.Column(name=layout.DAY, type=glue.Schema.STRING, comment="Day of arrival, UTC."),
            glue.Column(name=layout.HOUR, type=glue.Schema.INTEGER, comment="Hour of arrival, UTC."),
        ],
        partition_projection={
            # One day ahead: a clock a little fast must not hide rows.
            layout.DAY: glue.PartitionProjectionConfiguration.date(
                min=environment.lake.first_day, max="NOW+1DAYS", format="yyyy-MM-dd"
            ),
            layout.HOUR: glue.PartitionProjectionConfiguration.integer(min=0, max=23, digits=2),
        },
        storage=glue.S3TableStorage.from_bucket(bucket),
        s3_prefix=prefix,
    )
    table.node.add_dependency(home)
    table.apply_removal_policy(removal(environment))
    return table
