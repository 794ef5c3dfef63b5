"""The repository of the consumer's image. A stack of its own: the image must be there before the service."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from constructs import Construct

from infra.environments.settings import Environment
from infra.stacks.pipeline.stack import account_and_region


class ImageStack(Stack):
    """One ECR repository. Tags cannot be overwritten: what runs is what was tested."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            "Image",
            stack_name=f"{environment.prefix}-image",
            description=f"Rastro {environment.name}: repository of the consumer's image.",
            env=account_and_region(environment),
            termination_protection=environment.protection.keep_data,
        )
        keep = environment.protection.keep_data
        self.repository = ecr.Repository(
            self,
            "Repository",
            repository_name=environment.application,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            encryption=ecr.RepositoryEncryption.AES_256,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
            empty_on_delete=not keep,
        )
        self.repository.add_lifecycle_rule(
            description="untagged layers", tag_status=ecr.TagStatus.UNTAGGED, max_image_age=Duration.days(7)
        )
        self.repository.add_lifecycle_rule(description="room to roll back", max_image_count=20)
        CfnOutput(self, "RepositoryOutput", value=self.repository.repository_uri).override_logical_id(
            "RepositoryUri"
        )
