"""The ECS service that runs the consumer on Fargate."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from enrich_consumer.settings import Settings
from infra.environments.settings import Environment
from infra.stacks.consumer import permissions, scaling
from infra.stacks.consumer.image import ImageStack
from infra.stacks.consumer.network import network
from infra.stacks.log_retention import log_retention
from infra.stacks.pipeline.stack import PipelineStack, account_and_region
from lake import layout

_HEARTBEAT = "/tmp/rastro/heartbeat"  # noqa: S108 - in the container, on its one writable volume
_START_SECONDS = 300
"""KCL takes up to 40 s until the first worker ever has its leases, and a slow image pull comes on top; only then does
the health check count."""


class ConsumerStack(Stack):
    """Tasks without a public IP address, a root user or a writable root, that hand over before they stop."""

    def __init__(
        self, scope: Construct, environment: Environment, pipeline: PipelineStack, image: ImageStack
    ) -> None:
        super().__init__(
            scope,
            "Consumer",
            stack_name=f"{environment.prefix}-consumer",
            description=f"Rastro {environment.name}: enrichment and sessions.",
            env=account_and_region(environment),
        )
        self.add_stack_dependency(image)
        vpc, subnets = network(self, environment)
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=environment.prefix,
            vpc=vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=log_retention(environment.protection.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.service = ecs.FargateService(
            self,
            "Service",
            service_name=environment.application,
            cluster=self.cluster,
            task_definition=self._task(environment, pipeline),
            # Without a number, unless it is fixed: each update would set it back, under load too.
            desired_count=None if scaling.scales(environment) else environment.consumer.tasks_min,
            vpc_subnets=subnets,
            assign_public_ip=False,
            security_groups=[_https_out(self, vpc)],
            # The new task starts before the old one stops: KCL moves the leases between them.
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        scaling.scale(self.service, environment)
        for name, value in {
            "Cluster": self.cluster.cluster_name,
            "Service": self.service.service_name,
            "ConsumerLog": self.log_group.log_group_name,
        }.items():
            CfnOutput(self, f"{name}Output", value=value).override_logical_id(name)

    def _task(self, environment: Environment, pipeline: PipelineStack) -> ecs.FargateTaskDefinition:
        settings = environment.consumer
        role = iam.Role(self, "TaskRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        permissions.grant(role, pipeline, environment.application, fan_out=settings.retrieval == "FANOUT")
        arm = settings.architecture == "arm64"
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=environment.application,
            cpu=settings.cpu,
            memory_limit_mib=settings.memory_mib,
            task_role=role,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64 if arm else ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            volumes=[ecs.Volume(name="tmp")],
        )
        container = task.add_container(
            "consumer",
            image=ecs.ContainerImage.from_ecr_repository(
                # By name, so that the image's stack can be changed without this one.
                ecr.Repository.from_repository_name(self, "Repository", environment.application),
                settings.image_tag,
            ),
            # The container's own limit, so that Java's share of the memory is one of this and not of the machine.
            memory_limit_mib=settings.memory_mib,
            environment=_environment(environment, pipeline),
            secrets=(
                {
                    "RASTRO_CART_SIGNING_KEY": ecs.Secret.from_secrets_manager(
                        pipeline.cart_messages.signing_key
                    )
                }
                if pipeline.cart_messages is not None
                else None
            ),
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-m", "enrich_consumer", "health"],
                interval=Duration.seconds(30),
                timeout=Duration.seconds(10),
                retries=3,
                start_period=Duration.seconds(_START_SECONDS),
            ),
            linux_parameters=_without_privileges(self),
            logging=ecs.LogDriver.aws_logs(
                stream_prefix="consumer",
                log_group=self.log_group,
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,  # a slow log must not stop the events
                max_buffer_size=Size.mebibytes(25),
            ),
            readonly_root_filesystem=True,
            stop_timeout=Duration.seconds(settings.stop_seconds),
            user="10001:10001",
        )
        container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False)  # noqa: S108 - the same
        )
        return task


def _environment(environment: Environment, pipeline: PipelineStack) -> dict[str, str]:
    settings = environment.consumer
    found = Settings(
        application=environment.application,
        raw_stream=pipeline.raw.stream_name,
        enriched_stream=pipeline.enriched.stream_name,
        rejected_delivery=pipeline.rejected_delivery.delivery_stream_name,
        session_ends_delivery=pipeline.session_ends_delivery.delivery_stream_name,
        cart_events_delivery=pipeline.cart_events_delivery.delivery_stream_name,
        cart_bus=pipeline.cart_messages.bus.event_bus_name if pipeline.cart_messages is not None else None,
        state=f"s3://{pipeline.bucket.bucket_name}/{layout.STATE}",
        sites=f"ssm:{pipeline.parameters.sites_name}",
        region=Stack.of(pipeline).region,
        heartbeat=_HEARTBEAT,
        retrieval=settings.retrieval,
        max_leases=settings.max_shards,
        decimals=environment.delivery.decimals.upper(),
        geo_city=settings.geo_city or None,
        geo_asn=settings.geo_asn or None,
    )
    shown = {
        "RASTRO_RETRIEVAL": found.retrieval,
        "RASTRO_DECIMALS": found.decimals,
    }  # in the template, default or not
    return {**found.to_env(), **shown}


def _without_privileges(scope: Construct) -> ecs.LinuxParameters:
    made = ecs.LinuxParameters(scope, "Linux")
    made.drop_capabilities(ecs.Capability.ALL)
    return made


def _https_out(scope: Construct, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    """Nobody connects to a task; a task connects to AWS."""
    made = ec2.SecurityGroup(
        scope,
        "Tasks",
        vpc=vpc,
        allow_all_outbound=False,
        description="Consumer tasks: HTTPS out, nothing in.",
    )
    made.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS services")
    return made
