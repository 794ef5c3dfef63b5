"""All stacks of one environment. No other module puts them together."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra.environments.settings import Environment
from infra.stacks.accepted_findings import acknowledge
from infra.stacks.analytics.stack import AnalyticsStack, DashboardsStack
from infra.stacks.consumer.image import ImageStack
from infra.stacks.consumer.stack import ConsumerStack
from infra.stacks.edge.stack import EdgeStack
from infra.stacks.jobs.stack import JobsStack
from infra.stacks.monitoring.stack import MonitoringStack
from infra.stacks.pipeline.stack import PipelineStack

FLAGS: dict[str, Any] = json.loads((Path(__file__).parent / "feature_flags.json").read_text(encoding="utf-8"))
"""CDK's recommended behaviour; without them a new project gets the oldest."""


def build(environment: Environment, out: Path) -> App:
    """The CDK app; `synth()` writes its templates and assets to `out`."""
    app = App(
        outdir=str(out),
        context=FLAGS,
        analytics_reporting=False,  # no metadata resource that reports to AWS what is used
        tree_metadata=False,
    )
    pipeline = PipelineStack(app, environment)
    if environment.stacks.consumer:
        ConsumerStack(app, environment, pipeline, ImageStack(app, environment))
    if environment.stacks.analytics:
        analytics = AnalyticsStack(app, environment, pipeline)
        JobsStack(app, environment, pipeline).add_stack_dependency(analytics)
        if environment.analytics.quicksight_user:
            DashboardsStack(app, environment, analytics)
    if environment.stacks.monitoring:
        MonitoringStack(app, environment, pipeline)
    if environment.stacks.edge:
        EdgeStack(app, environment)
    # AWS's own list of good practice; what it finds and we did not explain stops the synthesis.
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    acknowledge(app, environment)
    Tags.of(app).add("rastro:environment", environment.name)
    for key, value in environment.tags.items():
        Tags.of(app).add(key, value)
    return app
