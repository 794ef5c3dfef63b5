"""The network: private subnets, and either a link to each AWS service or one NAT gateway."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.environments.settings import Environment
from infra.stacks.log_retention import log_retention

INTERFACES = {
    "Streams": ec2.InterfaceVpcEndpointAwsService.KINESIS_STREAMS,
    "Firehose": ec2.InterfaceVpcEndpointAwsService.KINESIS_FIREHOSE,  # rejected events
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,  # the sites document
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,  # logs and, in them, metrics
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
}
"""What a task talks to, S3 and DynamoDB apart: these have gateways, which cost nothing."""


def network(scope: Construct, environment: Environment) -> tuple[ec2.IVpc, ec2.SubnetSelection]:
    """The network and the subnets for the tasks."""
    settings = environment.network
    if settings.vpc_id:
        given = ec2.Vpc.from_vpc_attributes(
            scope,
            "Network",
            vpc_id=settings.vpc_id,
            availability_zones=list(settings.availability_zones),
            private_subnet_ids=list(settings.private_subnets),
        )
        return given, ec2.SubnetSelection(subnets=given.private_subnets)
    nat = settings.egress == "nat"
    private = ec2.SubnetType.PRIVATE_WITH_EGRESS if nat else ec2.SubnetType.PRIVATE_ISOLATED
    subnets = [ec2.SubnetConfiguration(name="tasks", subnet_type=private, cidr_mask=24)]
    if nat:
        subnets.append(
            ec2.SubnetConfiguration(
                name="nat", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=28, map_public_ip_on_launch=False
            )
        )
    made = ec2.Vpc(
        scope,
        "Network",
        vpc_name=environment.prefix,
        ip_addresses=ec2.IpAddresses.cidr(settings.cidr),
        max_azs=2,
        nat_gateways=1 if nat else 0,
        subnet_configuration=subnets,
        restrict_default_security_group=False,  # would need a function of its own; nothing uses that group
        gateway_endpoints={
            "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
            "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
        },
    )
    made.add_flow_log(
        "FlowLog",
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(
            logs.LogGroup(
                scope,
                "NetworkLog",
                retention=log_retention(environment.protection.log_days),
                removal_policy=RemovalPolicy.DESTROY,
            )
        ),
        traffic_type=ec2.FlowLogTrafficType.REJECT,
    )
    if not nat:
        for name, service in INTERFACES.items():
            made.add_interface_endpoint(name, service=service)
    return made, ec2.SubnetSelection(subnet_type=private)
