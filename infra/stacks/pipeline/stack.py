"""The pipeline stack: its parts and their connections, top to bottom as data flows."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import Environment as CdkEnvironment
from constructs import Construct

from infra.environments.settings import Environment
from infra.stacks.pipeline import (
    bucket,
    cart_messages,
    delivery,
    glue_tables,
    ingest,
    parameters,
    streams,
    ticks,
)
from lake import layout


class PipelineStack(Stack):
    """Storefront to lake, all but the consumer in the middle.

    What other stacks and the operator's tools need is in the outputs; `OUTPUTS` names them.
    """

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            "Pipeline",
            stack_name=stack_name(environment),
            description=f"Rastro {environment.name}: ingest, streams, delivery, lake.",
            env=account_and_region(environment),
            termination_protection=environment.protection.keep_data,
        )
        self.key = bucket.key(self, environment)
        self.bucket = bucket.bucket(self, environment, self.key)
        self.parameters = parameters.make(self, environment)
        self.raw = streams.stream(self, "raw", environment.streams.raw_shards, environment, self.key)
        self.enriched = streams.stream(
            self, "enriched", environment.streams.enriched_shards, environment, self.key
        )
        self.database = glue_tables.database(self, environment)
        self.enriched_table = glue_tables.enriched(self, environment, self.database, self.bucket)
        self.rejected_table = glue_tables.rejected(self, environment, self.database, self.bucket)
        self.raw_delivery = delivery.raw_archive(self, environment, self.raw, self.bucket, self.key)
        self.enriched_delivery = delivery.enriched(
            self, environment, self.enriched, self.bucket, self.enriched_table, self.key
        )
        session_ends = glue_tables.session_ends(self, environment, self.database, self.bucket)
        cart_events = glue_tables.cart_events(self, environment, self.database, self.bucket)
        self.rejected_delivery, self.session_ends_delivery, self.cart_events_delivery = (
            delivery.direct(self, name, prefix, environment, self.bucket, table, self.key)
            for name, prefix, table in (
                ("Rejected", layout.REJECTED, self.rejected_table),
                ("SessionEnds", layout.SESSION_ENDS, session_ends),
                ("CartEvents", layout.CART_EVENTS, cart_events),
            )
        )
        self.cart_messages = cart_messages.make(self, environment)
        self.ticks = ticks.make(self, environment, self.raw, self.key)
        self.function = ingest.function(
            self, environment, self.raw, self.rejected_delivery, self.bucket, self.parameters
        )
        self.api = ingest.api(self, environment, self.function)
        outputs = {
            "ApiUrl": self.api.api_endpoint,
            "ApiId": self.api.api_id,
            "RawStream": self.raw.stream_name,
            "EnrichedStream": self.enriched.stream_name,
            "RejectedDelivery": self.rejected_delivery.delivery_stream_name,
            "SessionEndsDelivery": self.session_ends_delivery.delivery_stream_name,
            "CartEventsDelivery": self.cart_events_delivery.delivery_stream_name,
            "EnrichedDelivery": self.enriched_delivery.delivery_stream_name,
            "RawDelivery": self.raw_delivery.delivery_stream_name,
            "Bucket": self.bucket.bucket_name,
            "Database": environment.database,
            "EnrichedTable": "enriched",
            "RejectedTable": "rejected",
            "SitesParameter": self.parameters.sites_name,
            "SaltParameter": self.parameters.secret_name,
            "Locked": "true" if environment.locked else "false",
            "IngestLog": self.function.log_group.log_group_name,
            "StateUri": f"s3://{self.bucket.bucket_name}/{layout.STATE}",
        }
        for name, value in outputs.items():
            CfnOutput(self, f"{name}Output", value=value).override_logical_id(name)


def stack_name(environment: Environment) -> str:
    return f"{environment.prefix}-pipeline"


def account_and_region(environment: Environment) -> CdkEnvironment | None:
    """Account and region, if both are fixed; else those of the credentials at deployment."""
    if not environment.account.id:
        return None
    return CdkEnvironment(region=environment.account.region, account=environment.account.id)
