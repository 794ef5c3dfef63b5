"""CloudFront with WAF. It lives in us-east-1, as its firewall and its certificate must."""

from aws_cdk import CfnOutput, CfnParameter, Duration, Stack
from aws_cdk import Environment as CdkEnvironment
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.environments.resource_names import EDGE_REGION, RUNBOOK
from infra.environments.settings import Environment
from infra.stacks.alarm_topic import let_publish
from infra.stacks.pipeline import origin_lock
from infra.stacks.pipeline.origin_lock.handler import HEADER

_PRICE = {
    "100": cloudfront.PriceClass.PRICE_CLASS_100,
    "200": cloudfront.PriceClass.PRICE_CLASS_200,
    "all": cloudfront.PriceClass.PRICE_CLASS_ALL,
}
# The IP address as CloudFront saw it, over whatever the client wrote there.
_VIEWER = f"""
function handler(event) {{
  event.request.headers['{origin_lock.VIEWER_HEADER}'] = {{ value: event.viewer.ip }};
  return event.request;
}}
"""


class EdgeStack(Stack):
    """Its parameters come from the other region: `make deploy` fills them from the pipeline stack's outputs."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            "Edge",
            stack_name=f"{environment.prefix}-edge",
            description=f"Rastro {environment.name}: CloudFront and WAF.",
            env=CdkEnvironment(region=EDGE_REGION, account=environment.account.id or None),
        )
        host = CfnParameter(self, "ApiHost", description="Host name of the HTTP API.")
        secret = CfnParameter(
            self, "OriginSecret", no_echo=True, description="What the API wants to see from CloudFront."
        )
        certificate = environment.edge.certificate_arn
        api = origins.HttpOrigin(
            host.value_as_string,
            custom_headers={HEADER: secret.value_as_string},
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            read_timeout=Duration.seconds(30),
        )
        scripts = cloudfront.BehaviorOptions(
            origin=api,
            # By path and Accept-Encoding; how long, the function's Cache-Control says.
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            compress=True,
        )
        scripts_path = environment.ingest.scripts_path
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Rastro {environment.name}",
            certificate=(
                acm.Certificate.from_certificate_arn(self, "Certificate", certificate)
                if certificate
                else None
            ),
            domain_names=[environment.edge.domain] if environment.edge.domain else None,
            default_behavior=cloudfront.BehaviorOptions(
                origin=api,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                compress=False,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                        function=cloudfront.Function(
                            self,
                            "Viewer",
                            # CDK's own name has no environment in it, and names are unique per account.
                            function_name=f"{environment.prefix}-viewer",
                            code=cloudfront.FunctionCode.from_inline(_VIEWER.strip()),
                            runtime=cloudfront.FunctionRuntime.JS_2_0,
                        ),
                    )
                ],
            ),
            additional_behaviors={f"{scripts_path}*": scripts} if scripts_path else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            # Without a certificate of the shop's own CloudFront fixes the policy itself.
            minimum_protocol_version=(
                cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate else None
            ),
            price_class=_PRICE[environment.edge.price_class],
            web_acl_id=_firewall(self, environment).attr_arn,
        )
        if certificate:
            _certificate_alarm(self, environment)
        CfnOutput(
            self, "EdgeUrlOutput", value=f"https://{self.distribution.distribution_domain_name}"
        ).override_logical_id("EdgeUrl")


def _firewall(scope: Construct, environment: Environment) -> waf.CfnWebACL:
    """Rates and IP addresses of bad reputation only: rules that look into bodies would drop honest events."""

    def seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
        return waf.CfnWebACL.VisibilityConfigProperty(
            cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
        )

    return waf.CfnWebACL(
        scope,
        "Firewall",
        name=environment.prefix,
        scope="CLOUDFRONT",
        default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=seen(f"{environment.prefix}-all"),
        rules=[
            waf.CfnWebACL.RuleProperty(
                name="rate",
                priority=0,
                action=waf.CfnWebACL.RuleActionProperty(block={}),
                statement=waf.CfnWebACL.StatementProperty(
                    rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                        aggregate_key_type="IP", limit=environment.edge.requests_per_5_minutes
                    )
                ),
                visibility_config=seen(f"{environment.prefix}-rate"),
            ),
            waf.CfnWebACL.RuleProperty(
                name="reputation",
                priority=1,
                override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                statement=waf.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS", name="AWSManagedRulesAmazonIpReputationList"
                    )
                ),
                visibility_config=seen(f"{environment.prefix}-reputation"),
            ),
        ],
    )


def _certificate_alarm(scope: Construct, environment: Environment) -> None:
    """ACM renews by itself while its DNS record stands; fewer than 30 days left mean that it does not."""
    topic = sns.Topic(scope, "Alarms", topic_name=f"{environment.prefix}-edge-alarms", enforce_ssl=True)
    let_publish(topic)
    for email in environment.monitoring.emails:
        topic.add_subscription(subscriptions.EmailSubscription(email))
    cloudwatch.Alarm(
        scope,
        "CertificateExpiry",
        alarm_name=f"{environment.prefix}-certificate-expiry",
        alarm_description="The certificate of the edge ends in less than 30 days. "
        f"What to do: {RUNBOOK}#certificate-expiry",
        metric=cloudwatch.Metric(
            namespace="AWS/CertificateManager",
            metric_name="DaysToExpiry",
            dimensions_map={"CertificateArn": environment.edge.certificate_arn},
            statistic="Minimum",
            period=Duration.days(1),
        ),
        threshold=30,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    ).add_alarm_action(actions.SnsAction(topic))
