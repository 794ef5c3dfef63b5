"""Finds by name what an account holds of one environment: after a deletion it should be nothing."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.target import Target
from infra.environments import loader
from infra.environments.resource_names import EDGE_REGION
from infra.environments.settings import Environment

Names = Callable[[Any, str], list[str]]
"""A client and the account's number → names, ARNs or URLs."""


def find(environment: Environment, target: Target) -> Iterator[str]:
    """`kind name` of everything whose name begins with the environment's; a service that cannot be asked says so.

    A KMS key is deleted 7 to 30 days later by AWS's own rule; it has lost its alias by then and is not found.
    """
    wanted = [(kind, target) for kind in KINDS]
    if environment.analytics.quicksight_user:
        wanted += [(kind, target) for kind in OF_QUICKSIGHT]
    if environment.stacks.edge:
        wanted += [(kind, target.elsewhere(EDGE_REGION)) for kind in OF_EDGE]
    for kind, at in wanted:
        service, names = _ALL[kind]
        where = "" if at.region == target.region else f" in {at.region}"
        try:
            found = names(at.client(service), target.account)
        except (ClientError, BotoCoreError) as error:
            yield f"{kind}{where}: cannot be listed: {error}"
            continue
        yield from (f"{kind} {name}{where}" for name in sorted(found) if belongs(name, environment))


def belongs(name: str, environment: Environment) -> bool:
    """Whether a name is of this environment, and not of another whose name begins alike (`dev`, `dev-2`).

    Of an ARN, a URL or a path, one part is the name.
    """
    parts = re.split(r"[:/]", name)
    others = [f"rastro-{other}" for other in loader.names() if other.startswith(f"{environment.name}-")]
    if any(_begins(part, other) for part in parts for other in others):
        return False
    return any(_begins(part, ours) for part in parts for ours in (environment.prefix, environment.database))


def _begins(text: str, prefix: str) -> bool:
    return text == prefix or text.startswith((f"{prefix}-", f"{prefix}_"))


def _listing(operation: str, key: str, field: str | None = None, **arguments: Any) -> Names:
    """All pages of one listing: the value of `field` of each entry under `key` (`Outer.Inner`), or the entries."""

    def names(client: Any, account: str) -> list[str]:
        asked = {name: account if value is _ACCOUNT else value for name, value in arguments.items()}
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**asked)
        else:
            pages = [getattr(client, operation)(**asked)]
        entries = [entry for page in pages for entry in _below(page, key.split("."))]
        return [str(entry[field]) if field else str(entry) for entry in entries]

    return names


def _below(page: Any, path: list[str]) -> list[Any]:
    """What a page of an answer holds under the words of `path`; nothing where a word is missing."""
    for word in path:
        page = page.get(word) or {}
    return list(page)


_ACCOUNT: Final = object()
_ALL: dict[str, tuple[str, Names]] = {
    "stack": ("cloudformation", _listing("describe_stacks", "Stacks", "StackName")),
    "stream": ("kinesis", _listing("list_streams", "StreamNames")),
    "delivery stream": ("firehose", _listing("list_delivery_streams", "DeliveryStreamNames")),
    "bucket": ("s3", _listing("list_buckets", "Buckets", "Name")),
    "function": ("lambda", _listing("list_functions", "Functions", "FunctionName")),
    "API": ("apigatewayv2", _listing("get_apis", "Items", "Name")),
    "database": ("glue", _listing("get_databases", "DatabaseList", "Name")),
    "workgroup": ("athena", _listing("list_work_groups", "WorkGroups", "Name")),
    "log group": ("logs", _listing("describe_log_groups", "logGroups", "logGroupName")),
    "parameter": ("ssm", _listing("describe_parameters", "Parameters", "Name")),
    "secret": ("secretsmanager", _listing("list_secrets", "SecretList", "Name")),
    "table": ("dynamodb", _listing("list_tables", "TableNames")),
    "role": ("iam", _listing("list_roles", "Roles", "RoleName")),
    "key alias": ("kms", _listing("list_aliases", "Aliases", "AliasName")),
    "topic": ("sns", _listing("list_topics", "Topics", "TopicArn")),
    "queue": ("sqs", _listing("list_queues", "QueueUrls")),
    "alarm": ("cloudwatch", _listing("describe_alarms", "MetricAlarms", "AlarmName")),
    "dashboard": ("cloudwatch", _listing("list_dashboards", "DashboardEntries", "DashboardName")),
    "rule": ("events", _listing("list_rules", "Rules", "Name")),
    "event bus": ("events", _listing("list_event_buses", "EventBuses", "Name")),
    "connection": ("events", _listing("list_connections", "Connections", "Name")),
    "API destination": ("events", _listing("list_api_destinations", "ApiDestinations", "Name")),
    "schedule": ("scheduler", _listing("list_schedules", "Schedules", "Name")),
    "state machine": ("stepfunctions", _listing("list_state_machines", "stateMachines", "name")),
    "cluster": ("ecs", _listing("list_clusters", "clusterArns")),
    "task family": ("ecs", _listing("list_task_definition_families", "families", status="ACTIVE")),
    "repository": ("ecr", _listing("describe_repositories", "repositories", "repositoryName")),
    "data set": (
        "quicksight",
        _listing("list_data_sets", "DataSetSummaries", "DataSetId", AwsAccountId=_ACCOUNT),
    ),
    "data source": (
        "quicksight",
        _listing("list_data_sources", "DataSources", "DataSourceId", AwsAccountId=_ACCOUNT),
    ),
    "QuickSight dashboard": (
        "quicksight",
        _listing("list_dashboards", "DashboardSummaryList", "DashboardId", AwsAccountId=_ACCOUNT),
    ),
    "edge function": ("cloudfront", _listing("list_functions", "FunctionList.Items", "Name")),
    "web ACL": ("wafv2", _listing("list_web_acls", "WebACLs", "Name", Scope="CLOUDFRONT")),
}
OF_QUICKSIGHT = ("data set", "data source", "QuickSight dashboard")
OF_EDGE = ("stack", "topic", "alarm", "edge function", "web ACL")
"""In CloudFront's region."""
KINDS = tuple(kind for kind in _ALL if kind not in {*OF_QUICKSIGHT, "edge function", "web ACL"})
