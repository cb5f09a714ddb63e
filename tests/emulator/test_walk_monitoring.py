"""What `make try` says of monitoring: all is there as templates say it, and whatever is not is named."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.driver import Stacks
from emulator.walk_monitoring import Expected, problems, seen, table, wanted
from emulator.walk_standing import Source, Standing
from rehearsal.aws import Aws, Place
from sendy_cfn.checks import policy_names
from sendy_cfn.checks.action_templates import Library

_ACCOUNTS = itertools.count(310000000000)

ROOT = """
Parameters: {Days: {Type: Number, Default: 1}, Full: {Type: String, Default: "true"}}
Conditions: {WatchesFully: !Equals [!Ref Full, "true"]}
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {Description: logs}}
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !GetAtt Key.Arn}}
  Part:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: part.yaml
      Parameters: {Days: !Ref Days, KeyArn: !GetAtt Key.Arn, TopicArn: !Ref Topic, Full: !Ref Full}
Outputs:
  Log: {Value: !GetAtt Part.Outputs.Log}
"""
PART = """
Parameters:
  Days: {Type: Number}
  Full: {Type: String}
  KeyArn: {Type: String}
  TopicArn: {Type: String}
Conditions: {WatchesFully: !Equals [!Ref Full, "true"]}
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/log/${AWS::StackName}", RetentionInDays: !Ref Days, KmsKeyId: !Ref KeyArn}
  Rate:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: rate
      Metrics:
        - {Id: rate, Expression: 100 * errors / 2}
        - Id: errors
          ReturnData: false
          MetricStat:
            Metric:
              Namespace: shop
              MetricName: Errors
              Dimensions: [{Name: Log, Value: !Ref Log}, {Name: Account, Value: !Ref AWS::AccountId}]
            Period: 60
            Stat: Sum
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: "3"
      Threshold: "5"
      AlarmActions: [!Ref TopicArn]
  Band:
    Type: AWS::CloudWatch::Alarm
    Condition: WatchesFully
    Properties:
      Metrics:
        - {Id: m, MetricStat: {Metric: {Namespace: shop, MetricName: Requests}, Period: 300, Stat: Sum}}
        - {Id: band, Expression: "ANOMALY_DETECTION_BAND(m, 2)"}
      ThresholdMetricId: band
      ComparisonOperator: LessThanLowerOrGreaterThanUpperThreshold
      EvaluationPeriods: 3
  Model:
    Type: AWS::CloudWatch::AnomalyDetector
    Condition: WatchesFully
    Properties: {Namespace: shop, MetricName: Requests, Stat: Sum}
  Health:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties: {AlarmName: health, AlarmRule: !Sub 'ALARM("${Rate}")'}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.cloudwatch], detail: {alarmName: [{prefix: !Ref AWS::StackName}]}}
      Targets:
        - {Id: Topic, Arn: !Ref TopicArn, InputTransformer: {InputPathsMap: {a: $.time}, InputTemplate: '"<a>"'}}
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Log
      FilterPattern: '{ $.level = "error" }'
      MetricTransformations:
        - {MetricNamespace: shop, MetricName: Errors, MetricValue: "1", Dimensions: [{Key: Log, Value: $.log}]}
  Query:
    Type: AWS::Logs::QueryDefinition
    Properties: {Name: shop/errors, QueryString: fields @message, LogGroupNames: [!Ref Log]}
  Base: {Type: AWS::Glue::Database, Properties: {CatalogId: !Ref AWS::AccountId, DatabaseInput: {Name: access}}}
  Table:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Base
      TableInput:
        Name: requests
        TableType: EXTERNAL_TABLE
        PartitionKeys: [{Name: day, Type: string}]
        StorageDescriptor: {Location: !Sub "s3://log-${AWS::Region}/", Columns: [{Name: ip, Type: string}]}
  Group: {Type: AWS::Athena::WorkGroup, Properties: {Name: team}}
  Slowest:
    Type: AWS::Athena::NamedQuery
    Properties: {Name: slowest, Database: !Ref Base, WorkGroup: !Ref Group, QueryString: select 1}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: board
      DashboardBody: !Sub '{"widgets": [{"type": "text", "properties": {"markdown": "${AWS::Region} ${Log}"}}]}'
Outputs:
  Log: {Value: !Ref Log}
  LogFullName: {Value: !Ref Log}
"""


class Shop:
    """Two stacks that stand, one in the other."""

    def __init__(self, emulator: Emulator, folder: Path, **parameters: object) -> None:
        (folder / "root.yaml").write_text(ROOT)
        (folder / "part.yaml").write_text(PART)
        self.stacks = Stacks(emulator, str(next(_ACCOUNTS)))
        body = self.stacks.package(folder / "root.yaml")
        assert self.stacks.create("shop", body, parameters) == "CREATE_COMPLETE", self.stacks.failures("shop")
        self.place = Place(self.stacks.account, self.stacks.region)
        self.api = Aws(emulator)
        self.log = self.stacks.outputs("shop")["Log"]
        source = Source(Library(folder), self.client("cloudformation"))
        place = policy_names.Place(*self.place)
        self.root = Standing(source, "root.yaml", "shop", place, {key: str(one) for key, one in parameters.items()})

    def client(self, service: str) -> Any:
        return self.stacks.client(service)

    @property
    def expected(self) -> Expected:
        return wanted([("test", self.root)])

    def problems(self) -> list[str]:
        return sorted(problems(self.expected, seen(self.api, self.place)))

    def tamper(self) -> None:
        """Change everything behind the templates' back."""
        cloudwatch, logs, events = self.client("cloudwatch"), self.client("logs"), self.client("events")
        [alarm] = cloudwatch.describe_alarms(AlarmNames=["rate"])["MetricAlarms"]
        alarm["Metrics"][1]["MetricStat"]["Period"] = 300
        kept = ("AlarmName", "Metrics", "EvaluationPeriods", "ComparisonOperator", "AlarmActions")
        cloudwatch.put_metric_alarm(**{key: alarm[key] for key in kept}, Threshold=7)
        cloudwatch.put_dashboard(DashboardName="board", DashboardBody='{"widgets": []}')
        cloudwatch.put_dashboard(DashboardName="other", DashboardBody='{"widgets": []}')
        cloudwatch.delete_alarms(AlarmNames=["health"])
        logs.put_retention_policy(logGroupName=self.log, retentionInDays=30)
        glue, athena = self.client("glue"), self.client("athena")
        glue.delete_table(DatabaseName="access", Name="requests")
        athena.create_named_query(Name="slowest", Database="access", WorkGroup="team", QueryString="select 2")
        [query] = logs.describe_query_definitions()["queryDefinitions"]
        logs.put_query_definition(name="shop/errors", queryString="x", queryDefinitionId=query["queryDefinitionId"])
        [rule] = events.list_rules()["Rules"]
        pattern = {**json.loads(rule["EventPattern"]), "source": ["aws.ecs"]}
        events.put_rule(Name=rule["Name"], EventPattern=json.dumps(pattern))
        events.put_targets(Rule=rule["Name"], Targets=[{"Id": "Topic", "Arn": "arn:aws:sns:eu-west-1:1:else"}])


def test_all_is_there_and_nothing_else(emulator: Emulator, tmp_path: Path) -> None:
    shop = Shop(emulator, tmp_path, Days=7)
    assert shop.problems() == []
    [group] = shop.expected[shop.place, "log groups"].values()
    assert group.content["RetentionInDays"] == 7
    assert group.content["KmsKeyId"].startswith(f"arn:aws:kms:{shop.place.region}:{shop.place.account}:key/")
    assert len(shop.expected[shop.place, "alarms"]) == 2


def test_an_output_is_what_the_nested_stack_says_whatever_its_name(emulator: Emulator, tmp_path: Path) -> None:
    """And no part of an ARN, as the attribute of that name of a load balancer."""
    shop = Shop(emulator, tmp_path)
    assert shop.root.attribute("Part", "Outputs.LogFullName") == shop.log


def test_what_a_condition_leaves_out_is_not_expected(emulator: Emulator, tmp_path: Path) -> None:
    shop = Shop(emulator, tmp_path, Full="false")
    assert shop.problems() == []
    assert list(shop.expected[shop.place, "alarms"]) == ["rate"]
    assert shop.expected[shop.place, "anomaly detectors"] == {}


def test_whatever_is_not_as_it_should_be_is_named(emulator: Emulator, tmp_path: Path) -> None:
    shop = Shop(emulator, tmp_path)
    shop.tamper()
    [rule] = shop.expected[shop.place, "rules"]
    [query] = shop.expected[shop.place, "saved queries"]
    account, region = shop.place
    ids = shop.client("athena").list_named_queries(WorkGroup="team")["NamedQueryIds"]
    [other] = set(ids) - {one.physical_id for one in shop.stacks.resolved("shop").values()}
    topic = shop.stacks.resolved("shop")["Topic"].physical_id
    transformer = '{"InputPathsMap": {"a": "$.time"}, "InputTemplate": "\\"<a>\\""}'
    text = f"{region} {shop.log}"
    widgets = f'[{{"type": "text", "properties": {{"markdown": "{text}"}}}}]'
    assert shop.problems() == sorted(
        [
            "different in test: alarm rate (part.yaml, Rate): Threshold is 7, expected 5",
            "different in test: alarm rate (part.yaml, Rate): Metrics.errors.MetricStat.Period is 300, expected 60",
            "missing in test: Glue table access.requests (part.yaml, Table)",
            f"surplus in {account}, {region}: Athena query slowest ({other}), which no template has",
            "missing in test: composite alarm health (part.yaml, Health)",
            f"different in test: dashboard board (part.yaml, Board): widgets is [], expected {widgets}",
            f"surplus in {account}, {region}: dashboard other, which no template has",
            f"different in test: log group {shop.log} (part.yaml, Log): RetentionInDays is 30, expected 1",
            f"different in test: saved query {query} (part.yaml, Query): QueryString is "
            '"x", expected "fields @message"',
            f'different in test: saved query {query} (part.yaml, Query): LogGroupNames is [], expected ["{shop.log}"]',
            f"different in test: rule {rule} (part.yaml, Rule): EventPattern.source[0] is "
            '"aws.ecs", expected "aws.cloudwatch"',
            f"different in test: rule {rule} (part.yaml, Rule): Targets.Topic.Arn is "
            f'"arn:aws:sns:eu-west-1:1:else", expected "{topic}"',
            f"different in test: rule {rule} (part.yaml, Rule): Targets.Topic.InputTransformer is null, "
            f"expected {transformer}",
        ]
    )


@pytest.mark.parametrize("owners", [["test"], ["other", "test"]])
def test_the_table_has_names_and_counts(emulator: Emulator, tmp_path: Path, owners: list[str]) -> None:
    shop = Shop(emulator, tmp_path)
    found = {key: {name: item.content for name, item in items.items()} for key, items in shop.expected.items()}
    lines = list(table(shop.expected, found, owners))
    assert [line for line in lines if not line.startswith(" ")] == owners
    rows = [line.split() for line in lines if line.startswith("  ")]
    assert ["alarms", "2", "Band,", "rate"] in rows
    assert ["dashboards", "1", "board"] in rows
    assert ["rules", "1", "Rule"] in rows
    assert ["Glue", "tables", "1", "Table"] in rows
    assert ["Athena", "queries", "1", "slowest"] in rows
    assert ["log", "groups", "1", "/log/shop/Part"] in rows
