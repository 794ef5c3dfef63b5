"""The settings that the running code reads from SSM Parameter Store."""

from typing import NamedTuple

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.environments.resource_names import cookieless_secret_name
from infra.environments.settings import Environment


class Parameters(NamedTuple):
    """Names of the parameters, and who may read them."""

    scope: Construct
    sites: ssm.CfnParameter
    sites_name: str
    secret_name: str

    def grant_read(self, reader: iam.IGrantable, *, secret: bool) -> None:
        names = [self.sites_name, self.secret_name] if secret else [self.sites_name]
        reader.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["ssm:GetParameter"], resources=[_arn(self.scope, name) for name in names]
            )
        )


def make(scope: Construct, environment: Environment) -> Parameters:
    """The sites document is a resource, its text comes from the environment's file.

    The cookieless secret is only a name here: CloudFormation cannot make a SecureString. It is put,
    once, before the first deployment (`infra.deploy.cookieless_secret`) and never leaves the parameter store.
    """
    sites_name = f"/{environment.prefix}/sites"
    sites = ssm.CfnParameter(
        scope,
        "Sites",
        name=sites_name,
        type="String",
        tier="Intelligent-Tiering",  # an advanced parameter cannot become a standard one again
        value=environment.sites_text,
        description="Keys, origins, session rule and privacy of every site.",
    )
    return Parameters(scope, sites, sites_name, cookieless_secret_name(environment))


def _arn(scope: Construct, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="ssm",
        resource="parameter",
        resource_name=name.lstrip("/"),
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        region=Aws.REGION,
    )
