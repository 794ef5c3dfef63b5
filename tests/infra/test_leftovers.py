"""What is looked for after a deletion is all that the templates make under a name of ours."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from infra.deploy import leftovers
from infra.environments import loader
from tests.infra.walk import Every

WITHIN = {
    *("AWS::Athena::NamedQuery", "AWS::Glue::Table", "AWS::IAM::Policy", "AWS::Lambda::Permission"),
    *("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::SQS::QueuePolicy"),
    *("AWS::Logs::LogStream", "AWS::QuickSight::RefreshSchedule", "AWS::ECS::Service"),
    *("AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Integration"),
    *("AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Stage"),
    *("AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"),
}
"""They end with what they are part of."""
NAMELESS = {
    # by AWS's own rule a key waits 7 to 30 days; its alias goes at once
    *("AWS::KMS::Key", "AWS::CloudFront::Distribution", "AWS::Budgets::Budget"),
    *(
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::FlowLog",
        "AWS::EC2::RouteTable",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPC",
    ),
    *("AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPCEndpoint", "AWS::EC2::Route", "AWS::EC2::EIP"),
    *("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment"),
}
"""Without a name by which they could be found; as long as one is there, its stack is, and that is looked for."""
KINDS = {
    "AWS::ApiGatewayV2::Api": "API", "AWS::Athena::WorkGroup": "workgroup",
    "AWS::CloudFront::Function": "edge function",
    "AWS::CloudWatch::Alarm": "alarm", "AWS::CloudWatch::Dashboard": "dashboard", "AWS::ECR::Repository": "repository",
    "AWS::ECS::Cluster": "cluster", "AWS::ECS::TaskDefinition": "task family", "AWS::Events::EventBus": "event bus",
    "AWS::Events::ApiDestination": "API destination", "AWS::Events::Connection": "connection",
    "AWS::Events::Rule": "rule", "AWS::Glue::Database": "database", "AWS::IAM::Role": "role",
    "AWS::KMS::Alias": "key alias", "AWS::Kinesis::Stream": "stream", "AWS::Lambda::Function": "function",
    "AWS::KinesisFirehose::DeliveryStream": "delivery stream", "AWS::Logs::LogGroup": "log group",
    "AWS::QuickSight::Dashboard": "QuickSight dashboard", "AWS::QuickSight::DataSet": "data set",
    "AWS::QuickSight::DataSource": "data source", "AWS::S3::Bucket": "bucket", "AWS::SNS::Topic": "topic",
    "AWS::SQS::Queue": "queue", "AWS::SSM::Parameter": "parameter", "AWS::Scheduler::Schedule": "schedule",
    "AWS::SecretsManager::Secret": "secret", "AWS::StepFunctions::StateMachine": "state machine",
    "AWS::WAFv2::WebACL": "web ACL",
}  # fmt: skip


@pytest.mark.slow
def test_every_kind_of_resource_is_looked_for(templates: Every) -> None:
    made = {
        resource["Type"]
        for environment in templates.values()
        for template in environment.values()
        for resource in template["Resources"].values()
    }
    assert made == (made & (WITHIN | NAMELESS)) | KINDS.keys()
    # tables are made by KCL, stacks are what makes the rest
    assert {*KINDS.values(), "stack", "table"} == {
        *leftovers.KINDS,
        *leftovers.OF_QUICKSIGHT,
        *leftovers.OF_EDGE,
    }


def test_each_region_and_optional_service_is_asked_where_it_was_used() -> None:
    asked: list[tuple[str, str, str, dict[str, Any]]] = []

    def target(region: str) -> Any:
        def client(service: str) -> Any:
            def answer(operation: str) -> Any:
                def call(**given: Any) -> dict[str, Any]:
                    asked.append((region, service, operation, given))
                    if operation == "list_functions" and service == "cloudfront":
                        return {
                            "FunctionList": {"Items": [{"Name": "rastro-prod-viewer"}, {"Name": "other"}]}
                        }
                    return {"WebACLs": [{"Name": "rastro-prod"}]} if service == "wafv2" else {}

                return call

            class Client:
                def can_paginate(self, _: str) -> bool:
                    return False

                def __getattr__(self, operation: str) -> Any:
                    return answer(operation)

            return Client()

        return SimpleNamespace(account="1", region=region, client=client, elsewhere=target)

    prod = loader.read("prod")
    assert list(leftovers.find(prod, target("sa-east-1"))) == []
    assert {region for region, *_ in asked} == {"sa-east-1"}
    assert "quicksight" not in {service for _, service, *_ in asked}

    whole = replace(
        prod, stacks=replace(prod.stacks, edge=True), analytics=replace(prod.analytics, quicksight_user="arn")
    )
    assert list(leftovers.find(whole, target("sa-east-1"))) == [
        "edge function rastro-prod-viewer in us-east-1", "web ACL rastro-prod in us-east-1",
    ]  # fmt: skip
    assert ("us-east-1", "wafv2", "list_web_acls", {"Scope": "CLOUDFRONT"}) in asked
    assert ("sa-east-1", "quicksight", "list_data_sets", {"AwsAccountId": "1"}) in asked
