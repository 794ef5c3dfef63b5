"""What an account holds of one environment, found by name: after a deletion it should be nothing."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.target import Target
from infra.environments import loader
from infra.environments.settings import Environment

Names = Callable[[Any], list[str]]


def find(environment: Environment, target: Target) -> Iterator[str]:
    """`kind name` of everything whose name begins with the environment's; a service that cannot be asked says so.

    A KMS key is deleted 7 to 30 days later by AWS's own rule; it has lost its alias by then and is not found.
    """
    for kind, (service, names) in _KINDS.items():
        try:
            found = names(target.client(service))
        except (ClientError, BotoCoreError) as error:
            yield f"{kind}: cannot be listed: {error}"
            continue
        yield from (f"{kind} {name}" for name in sorted(found) if belongs(name, environment))


def belongs(name: str, environment: Environment) -> bool:
    """Whether a name is of this environment, and not of another whose name begins alike (`dev`, `dev-2`)."""
    text = (
        name.rsplit(":", 1)[-1].lstrip("/").removeprefix("aws/ecs/containerinsights/").removeprefix("alias/")
    )
    others = [f"rastro-{other}" for other in loader.names() if other.startswith(f"{environment.name}-")]
    if any(_begins(text, other) for other in others):
        return False
    return _begins(text, environment.prefix) or _begins(text, environment.database)


def _begins(text: str, prefix: str) -> bool:
    return text == prefix or text.startswith((f"{prefix}-", f"{prefix}/", f"{prefix}_"))


def _all(operation: str, key: str, field: str | None = None, **arguments: Any) -> Names:
    """All pages of one listing: the value of `field` of each entry under `key`, or the entries."""

    def names(client: Any) -> list[str]:
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**arguments)
        else:
            pages = [getattr(client, operation)(**arguments)]
        entries = [entry for page in pages for entry in page.get(key, ())]
        return [str(entry[field]) if field else str(entry) for entry in entries]

    return names


_KINDS: dict[str, tuple[str, Names]] = {
    "stack": ("cloudformation", _all("describe_stacks", "Stacks", "StackName")),
    "stream": ("kinesis", _all("list_streams", "StreamNames")),
    "delivery stream": ("firehose", _all("list_delivery_streams", "DeliveryStreamNames")),
    "bucket": ("s3", _all("list_buckets", "Buckets", "Name")),
    "function": ("lambda", _all("list_functions", "Functions", "FunctionName")),
    "API": ("apigatewayv2", _all("get_apis", "Items", "Name")),
    "database": ("glue", _all("get_databases", "DatabaseList", "Name")),
    "workgroup": ("athena", _all("list_work_groups", "WorkGroups", "Name")),
    "log group": ("logs", _all("describe_log_groups", "logGroups", "logGroupName")),
    "parameter": ("ssm", _all("describe_parameters", "Parameters", "Name")),
    "table": ("dynamodb", _all("list_tables", "TableNames")),
    "role": ("iam", _all("list_roles", "Roles", "RoleName")),
    "key alias": ("kms", _all("list_aliases", "Aliases", "AliasName")),
    "topic": ("sns", _all("list_topics", "Topics", "TopicArn")),
    "alarm": ("cloudwatch", _all("describe_alarms", "MetricAlarms", "AlarmName")),
    "dashboard": ("cloudwatch", _all("list_dashboards", "DashboardEntries", "DashboardName")),
    "rule": ("events", _all("list_rules", "Rules", "Name")),
    "cluster": ("ecs", _all("list_clusters", "clusterArns")),
    "repository": ("ecr", _all("describe_repositories", "repositories", "repositoryName")),
}
