"""What every alarm topic needs beside its subscribers."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from infra.environments.resource_names import NOTIFIERS


def let_publish(topic: sns.Topic) -> None:
    """Let AWS's services publish for this account.

    A topic without a policy lets CloudWatch publish; the policy that `enforce_ssl` writes replaces that one.
    """
    services: list[iam.IPrincipal] = [iam.ServicePrincipal(f"{name}.amazonaws.com") for name in NOTIFIERS]
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=services,
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
