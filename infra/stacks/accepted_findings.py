"""Lint findings accepted for one construct, each with its reason. Every other finding stops the synthesis.

Rules are those of CDK's own validator (`CloudFormation-Validate::`) and of cdk-nag (`AwsSolutions::`).
"""

from typing import NamedTuple

from aws_cdk import Acknowledgment, App, Validations
from constructs import IConstruct

from infra.environments.settings import Environment

_NAG = "AwsSolutions::AwsSolutions-"
_OBJECTS = "The wildcard is the objects under one prefix of our own bucket."
_RUNTIME = "The consumer's image has Debian's Python 3.13; both ends of the stream run the same one."
_ENDPOINT = "The rule cannot read the network's address range; CDK lets in HTTPS from that range alone."
# How another stack names a thing of the pipeline's; PREFIX is the environment's.
_ELSEWHERE = (
    '{"Fn::GetStackOutput":{"StackName":"PREFIX-pipeline","Region":{"Ref":"AWS::Region"},'
    '"OutputName":"PublishOutputFnGetAtt%s"}}'
)
_LAKE_ELSEWHERE = _ELSEWHERE % "Lake5F1B88EAArn1C68C0C3"
_RAW_ELSEWHERE = _ELSEWHERE % "RawStreamCF061B5EArn795C8A2F"
_KEY_ACTIONS = "KMS's own families of actions, on the one key of this environment."


class AcceptedFinding(NamedTuple):
    """`path` is a construct's, below the app; the acknowledgement holds for all below it."""

    path: str
    rule: str
    reason: str


ACCEPTED_FINDINGS = (
    AcceptedFinding(
        "Pipeline",
        "CloudFormation-Validate::W7001",
        "CDK's Firehose construct adds a table of IP addresses that only VPC destinations use.",
    ),
    *(
        AcceptedFinding(
            f"Pipeline/{stream}",
            "CloudFormation-Validate::F3002",
            "The validator's schema of AWS::Kinesis::Stream is older than RecordDistributionStrategy, "
            "which CloudFormation documents and this version of CDK offers.",
        )
        for stream in ("RawStream", "EnrichedStream")
    ),
    *(
        AcceptedFinding(
            f"Pipeline/{stream}",
            f"{_NAG}KDS3",
            "The environment asks for a key of its own, which can be revoked and whose use is logged.",
        )
        for stream in ("RawStream", "EnrichedStream")
    ),
    AcceptedFinding(
        "Pipeline/Api",
        f"{_NAG}APIG4",
        "Storefronts are the public; the function checks site key and origin of every request.",
    ),
    AcceptedFinding(
        "Pipeline/Lake",
        f"{_NAG}S1",
        "Access to objects is better followed with CloudTrail data events, which name the caller; "
        "docs/operations.md says how to switch them on.",
    ),
    *(
        AcceptedFinding(
            f"Pipeline/{delivery}",
            f"{_NAG}KDF1",
            "Firehose encrypts as its source stream does, and that stream is encrypted.",
        )
        for delivery in ("RawDelivery", "EnrichedDelivery")
    ),
    *(
        AcceptedFinding(
            f"{path}/ServiceRole",
            f"{_NAG}IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
            "The managed policy writes logs and nothing else.",
        )
        for path in ("Pipeline/Ingest", "Pipeline/OriginLock", "Pipeline/Ticks", "Monitoring/Canary")
    ),
    *(
        AcceptedFinding(path, f"{_NAG}L1", _RUNTIME)
        for path in ("Pipeline/Ingest", "Pipeline/OriginLock", "Pipeline/Ticks", "Monitoring/Canary")
    ),
    AcceptedFinding(
        "Pipeline/SchedulerRoleForTarget-1299f7",
        f"{_NAG}IAM5[Resource::<Ticks3FE8CE24.Arn>:*]",
        "CDK lets the schedule call any version of the one function.",
    ),
    AcceptedFinding(
        "Pipeline/CartSigningKey",
        f"{_NAG}SMG4",
        "Receivers hold the same key: it is changed together with them, not by a timer.",
    ),
    AcceptedFinding("Pipeline/CartMessagesUndelivered", f"{_NAG}SQS3", "It is the dead-letter queue itself."),
    *(
        AcceptedFinding(path, f"{_NAG}IAM5[Action::kms:{action}*]", _KEY_ACTIONS)
        for path in (
            "Pipeline/RawDeliveryRole",
            "Pipeline/EnrichedDeliveryRole",
            "Pipeline/RejectedDeliveryRole",
            "Pipeline/RejectedSourceRole",
            "Pipeline/SessionEndsDeliveryRole",
            "Pipeline/CartEventsDeliveryRole",
            "Pipeline/SessionEndsSourceRole",
            "Pipeline/CartEventsSourceRole",
            "Pipeline/Ticks/ServiceRole",
            "Pipeline/Ingest/ServiceRole",
            "Consumer/TaskRole",
            "Jobs/JobsRole",
            "Monitoring/Canary/ServiceRole",
        )
        for action in ("GenerateDataKey", "ReEncrypt")
    ),
    *(
        AcceptedFinding(
            f"Pipeline/{name}DeliveryRole",
            f"{_NAG}IAM5[Resource::<Lake5F1B88EA.Arn>/{prefix}/*]",
            _OBJECTS,
        )
        for name, table in (
            ("Raw", "raw"),
            ("Enriched", "enriched"),
            ("Rejected", "rejected"),
            ("SessionEnds", "session_ends"),
            ("CartEvents", "cart_events"),
        )
        for prefix in (table, f"errors/{table}")
    ),
    *(
        AcceptedFinding(
            "Pipeline/Ingest/ServiceRole", f"{_NAG}IAM5[Resource::<Lake5F1B88EA.Arn>/{prefix}/*]", _OBJECTS
        )
        for prefix in ("payloads", "imports")
    ),
    AcceptedFinding(
        "Jobs/JobsRole",
        f"{_NAG}IAM5[Resource::*]",
        "Log delivery and traces have no narrower resource.",
    ),
    AcceptedFinding(
        "Jobs/JobsRole",
        f"{_NAG}IAM5[Resource::arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:table/DATABASE/*]",
        "All tables of our own database.",
    ),
    AcceptedFinding(
        "Jobs/JobsRole",
        f"{_NAG}IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:PREFIX-window:*]",
        "Executions have names of their own; all of one machine.",
    ),
    *(
        AcceptedFinding(path, f"{_NAG}IAM5[Resource::{_LAKE_ELSEWHERE}/{prefix}/*]", _OBJECTS)
        for path, prefix in (
            *(("Jobs/JobsRole", prefix) for prefix in ("enriched", "tables", "athena")),
            ("Consumer/TaskRole", "state"),
            ("Monitoring/Canary/ServiceRole", "enriched"),
            ("Monitoring/Canary/ServiceRole", "athena"),
        )
    ),
    AcceptedFinding(
        "Consumer/TaskRole",
        f"{_NAG}IAM5[Resource::{_RAW_ELSEWHERE}/consumer/*]",
        "Consumers of this one stream; KCL asks for its own before it is registered.",
    ),
    AcceptedFinding(
        "Consumer/Network",
        "Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId",
        "Nothing here changes the routes of a network that was there before.",
    ),
    AcceptedFinding(
        "Consumer/Task/ExecutionRole",
        f"{_NAG}IAM5[Resource::*]",
        "ecr:GetAuthorizationToken takes no resource.",
    ),
    *(
        AcceptedFinding(f"Consumer/Network/{endpoint}", f"{_NAG}EC23", _ENDPOINT)
        for endpoint in ("Streams", "Firehose", "Ssm", "Logs", "EcrApi", "EcrDocker")
    ),
    AcceptedFinding(
        "Consumer/Task",
        f"{_NAG}ECS2",
        "The variables are names and URLs; secrets stay in the parameter store.",
    ),
    AcceptedFinding("Edge/Distribution", f"{_NAG}CFR1", "A shop's customers travel."),
    AcceptedFinding(
        "Edge/Distribution",
        f"{_NAG}CFR4",
        "With a certificate TLS 1.2 is the least; without one CloudFront fixes the policy of its own host name.",
    ),
    AcceptedFinding(
        "Edge/Distribution",
        f"{_NAG}CFR3",
        "Access logs would hold every visitor's IP address; the API's own log has the rest.",
    ),
)


def acknowledge(app: App, environment: Environment) -> None:
    """Acknowledge the accepted findings whose construct the environment has."""
    for finding in ACCEPTED_FINDINGS:
        construct = _find(app, finding.path)
        if construct is not None:
            rule = finding.rule.replace("PREFIX", environment.prefix).replace(
                "DATABASE", environment.database
            )
            Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=finding.reason))


def _find(app: App, path: str) -> IConstruct | None:
    found: IConstruct | None = app
    for name in path.split("/"):
        found = found.node.try_find_child(name) if found is not None else None
    return found
