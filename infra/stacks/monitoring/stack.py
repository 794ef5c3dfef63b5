"""Alarms, the topic that notifies people, dashboard, canary, budget."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.environments.resource_names import RUNBOOK
from infra.environments.settings import Environment
from infra.stacks.alarm_topic import let_publish
from infra.stacks.monitoring import canary, dashboard
from infra.stacks.monitoring.alarms import Alarm, Names, alarms_of, anchor
from infra.stacks.pipeline.stack import PipelineStack, account_and_region


class MonitoringStack(Stack):
    """Everything that looks at the pipeline and nothing that it needs to run."""

    def __init__(self, scope: Construct, environment: Environment, pipeline: PipelineStack) -> None:
        super().__init__(
            scope,
            "Monitoring",
            stack_name=f"{environment.prefix}-monitoring",
            description=f"Rastro {environment.name}: alarms, dashboard, canary.",
            env=account_and_region(environment),
        )
        self.topic = _topic(self, environment, pipeline)
        names = Names(
            raw=pipeline.raw.stream_name,
            enriched=pipeline.enriched.stream_name,
            enriched_delivery=pipeline.enriched_delivery.delivery_stream_name,
            rejected_delivery=pipeline.rejected_delivery.delivery_stream_name,
            raw_delivery=pipeline.raw_delivery.delivery_stream_name,
            api_id=pipeline.api.api_id,
            function=pipeline.function.function_name,
        )
        self.alarms = [self._alarm(alarm, environment) for alarm in alarms_of(environment, names)]
        dashboard.make(self, environment, names, self.alarms)
        if environment.monitoring.canary:
            canary.make(self, environment, pipeline)
        if environment.monitoring.budget_usd:
            _budget(self, environment, self.topic)
        CfnOutput(self, "TopicOutput", value=self.topic.topic_arn).override_logical_id("AlarmTopic")

    def _alarm(self, alarm: Alarm, environment: Environment) -> cloudwatch.Alarm:
        """An alarm whose text says what it means and where to read what to do."""
        made = cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in alarm.name.split("-")),
            alarm_name=f"{environment.prefix}-{alarm.name}",
            alarm_description=f"{alarm.meaning} What to do: {RUNBOOK}#{anchor(alarm)}",
            metric=alarm.metric,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.points,
            comparison_operator=alarm.comparison,
            treat_missing_data=alarm.missing,
        )
        target = actions.SnsAction(self.topic)
        made.add_alarm_action(target)
        made.add_ok_action(target)
        return made


def _topic(scope: Construct, environment: Environment, pipeline: PipelineStack) -> sns.Topic:
    made = sns.Topic(
        scope,
        "Alarms",
        topic_name=f"{environment.prefix}-alarms",
        display_name=f"Rastro {environment.name}",
        enforce_ssl=True,
        master_key=pipeline.key,
    )
    for email in environment.monitoring.emails:
        made.add_subscription(subscriptions.EmailSubscription(email))
    let_publish(made)
    return made


def _budget(scope: Construct, environment: Environment, topic: sns.Topic) -> None:
    """The month's cost of the resources with our tag; notifies at 80 % of it and when all of it is forecast."""
    subscriber = budgets.CfnBudget.SubscriberProperty(address=topic.topic_arn, subscription_type="SNS")
    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=environment.prefix,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(
                amount=environment.monitoring.budget_usd, unit="USD"
            ),
            cost_filters={"TagKeyValue": [f"user:rastro:environment${environment.name}"]},
        ),
        notifications_with_subscribers=[
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[subscriber],
            )
            for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
        ],
    )
