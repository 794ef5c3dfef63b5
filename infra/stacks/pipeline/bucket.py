"""The bucket and its key. Prefixes are the folders of the lake; each has its own life time."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.environments.resource_names import NOTIFIERS
from infra.environments.settings import Environment
from lake import layout


def removal(environment: Environment) -> RemovalPolicy:
    """Whether data outlives the stack."""
    return RemovalPolicy.RETAIN if environment.protection.keep_data else RemovalPolicy.DESTROY


def key(scope: Construct, environment: Environment) -> kms.Key | None:
    """The stack's own key, if it is to have one; rotated every year."""
    if environment.protection.encryption_key != "own":
        return None
    made = kms.Key(
        scope,
        "Key",
        alias=f"alias/{environment.prefix}",
        description=f"Rastro {environment.name}: streams, lake, rejected delivery.",
        enable_key_rotation=True,
        removal_policy=removal(environment),
    )
    # The alarm topic uses this key; who publishes to an encrypted topic must be able to use its key
    # (SNS guide, key management, compatibility with AWS services). Without it every alarm is mute.
    made.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"{name}.amazonaws.com") for name in NOTIFIERS],
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    if environment.analytics.quicksight_user:
        made.add_to_resource_policy(_for_quicksight())
    return made


def _for_quicksight() -> iam.PolicyStatement:
    """QuickSight's role reads the lake and Athena's results with the key, and no policy of ours reaches that role.

    By a condition, because a key policy that names a role that is not there yet is refused.
    """
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
        conditions={
            "StringEquals": {"kms:CallerAccount": Aws.ACCOUNT_ID},
            "ArnLike": {
                "aws:PrincipalArn": f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/service-role/aws-quicksight-*"
            },
        },
    )


def bucket(scope: Construct, environment: Environment, own_key: kms.Key | None) -> s3.Bucket:
    """One bucket for the lake and the session log: versioned, TLS only, never public."""
    made = s3.Bucket(
        scope,
        "Lake",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        bucket_key_enabled=True if own_key else None,  # one call to KMS for many objects
        encryption=s3.BucketEncryption.KMS if own_key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=own_key,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=removal(environment),
        versioned=True,
    )
    if made.policy is not None:
        made.policy.apply_removal_policy(
            removal(environment)
        )  # a bucket that stays goes on refusing plain HTTP
    lake = environment.lake
    made.add_lifecycle_rule(
        id="unfinished-and-overwritten",
        abort_incomplete_multipart_upload_after=Duration.days(7),
        expired_object_delete_marker=True,
        noncurrent_version_expiration=Duration.days(lake.noncurrent_days),
    )
    # The session log overwrites and deletes all day long; old versions are of no use after a day.
    made.add_lifecycle_rule(
        id="state", prefix=f"{layout.STATE}/", noncurrent_version_expiration=Duration.days(1)
    )
    # An expired raw object lives on as an old version; full IP addresses must be gone after raw_days: the object
    # until the day before, its old version for the last.
    made.add_lifecycle_rule(
        id="raw-overwritten", prefix=layout.RAW, noncurrent_version_expiration=Duration.days(1)
    )
    kept_days = {
        "raw": (layout.RAW, lake.raw_days - 1),
        "rejected": (layout.REJECTED, lake.rejected_days),
        "payloads": (layout.PAYLOADS, lake.rejected_days),
        "errors": (layout.ERRORS, lake.rejected_days),
        "enriched": (layout.ENRICHED, lake.enriched_days),
        "session-ends": (layout.SESSION_ENDS, lake.enriched_days),
        "cart-events": (layout.CART_EVENTS, lake.enriched_days),
        "results": (layout.RESULTS, environment.analytics.results_days),
    }
    for name, (prefix, days) in kept_days.items():
        if days:
            made.add_lifecycle_rule(id=name, prefix=prefix, expiration=Duration.days(days))
    return made
