"""Scales the tasks: more when the consumer falls behind or works hard, fewer when it does not."""

from aws_cdk import Duration
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_ecs as ecs

from infra.environments.settings import Environment
from infra.stacks.monitoring.metrics import consumer_metric

_COOLDOWN = Duration.minutes(5)  # a new task needs minutes to take its leases; earlier steps would overshoot


def scales(environment: Environment) -> bool:
    """Whether the number of tasks changes by itself."""
    return environment.consumer.tasks_max > environment.consumer.tasks_min


def scale(service: ecs.FargateService, environment: Environment) -> None:
    settings = environment.consumer
    if not scales(environment):
        return
    tasks = service.auto_scale_task_count(min_capacity=settings.tasks_min, max_capacity=settings.tasks_max)
    tasks.scale_on_cpu_utilization(
        "Cpu",
        target_utilization_percent=settings.cpu_percent,
        scale_in_cooldown=Duration.minutes(15),  # each change moves leases; be slow to shrink
        scale_out_cooldown=_COOLDOWN,
    )
    # Out only: a small lag says nothing about whether fewer tasks would do. CPU decides that.
    lag_ms = settings.lag_seconds * 1000
    tasks.scale_on_metric(
        "Lag",
        metric=consumer_metric(environment, "MillisBehindLatest", "Maximum", Duration.minutes(1)),
        adjustment_type=autoscaling.AdjustmentType.CHANGE_IN_CAPACITY,
        scaling_steps=[
            autoscaling.ScalingInterval(upper=lag_ms, change=0),
            autoscaling.ScalingInterval(lower=lag_ms, upper=lag_ms * 5, change=+1),
            autoscaling.ScalingInterval(lower=lag_ms * 5, change=+2),
        ],
        cooldown=_COOLDOWN,
        evaluation_periods=3,
        datapoints_to_alarm=2,
        metric_aggregation_type=autoscaling.MetricAggregationType.MAXIMUM,
    )
