"""What people look at, deployed by the AWS CLI: dashboards, saved queries, tables, anomaly detectors, metric filters.

Each is made, changed, replaced where AWS replaces it, and deleted; Ref and GetAtt are what AWS's pages say.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import Emulator
from tests.emulator.aws_cli import Account
from tests.emulator.templates import att, body, ref, resource, text

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CPU: dict[str, Any] = {
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "ClusterName", "Value": "a"}],
}


@pytest.fixture
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def test_a_dashboard(account: Account) -> None:
    def template(name: str, *widgets: Any) -> str:
        content = {"DashboardName": name, "DashboardBody": json.dumps({"widgets": widgets})}
        return body({"Board": resource("AWS::CloudWatch::Dashboard", content)}, {"Name": ref("Board")})

    widget = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {"markdown": "a & <b>"}}
    assert account.deploy(template("board")) == {"Name": "board"}
    assert account.update(template("board", widget)) == {"Name": "board"}
    found = account.aws("cloudwatch", "get-dashboard", "--dashboard-name", "board")
    assert json.loads(found["DashboardBody"]) == {"widgets": [widget]}
    assert account.update(template("other", widget)) == {"Name": "other"}
    entries = account.aws("cloudwatch", "list-dashboards")["DashboardEntries"]
    assert [entry["DashboardName"] for entry in entries] == ["other"]
    account.delete()
    assert account.aws("cloudwatch", "list-dashboards")["DashboardEntries"] == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("a b", '{"widgets": []}'), ("a", '{"widgets": ['), ("a", "[]"), ("a", "{}"), ("a", '{"widgets": {}}')],
)
def test_a_dashboard_that_cloudwatch_refuses(account: Account, name: str, content: str) -> None:
    with pytest.raises(ClientError, match=r"DashboardName|DashboardBody|dashboard body"):
        account.stacks.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=content)
    board = resource("AWS::CloudWatch::Dashboard", {"DashboardName": name, "DashboardBody": content})
    assert account.stacks.create("bad", body({"Board": board})) == "ROLLBACK_COMPLETE"


def test_a_query_of_logs_insights(account: Account) -> None:
    def template(query: str, *groups: str) -> str:
        content = {"Name": "team/errors", "QueryString": query, **({"LogGroupNames": groups} if groups else {})}
        saved = resource("AWS::Logs::QueryDefinition", content)
        return body({"Query": saved}, {"Id": ref("Query"), "Same": att("Query", "QueryDefinitionId")})

    def described(*more: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = account.aws("logs", "describe-query-definitions", *more)["queryDefinitions"]
        return [{key: value for key, value in one.items() if key != "lastModified"} for one in found]

    made = account.deploy(template("fields @message", "one", "two"))
    assert re.fullmatch(UUID, made["Id"])
    assert made["Same"] == made["Id"]
    kept = {"queryDefinitionId": made["Id"], "name": "team/errors", "queryLanguage": "CWLI"}
    assert described() == [{**kept, "queryString": "fields @message", "logGroupNames": ["one", "two"]}]
    assert account.update(template("fields @timestamp")) == made
    changed = [{**kept, "queryString": "fields @timestamp", "logGroupNames": []}]
    assert described("--query-definition-name-prefix", "team/") == changed
    assert described("--query-definition-name-prefix", "other/") == []
    account.delete()
    assert described() == []
    with pytest.raises(RuntimeError, match="ResourceNotFoundException"):
        account.aws("logs", "delete-query-definition", "--query-definition-id", made["Id"])


def test_pages_of_saved_queries(account: Account) -> None:
    logs = account.stacks.client("logs")
    for name in ("c", "a", "b"):
        logs.put_query_definition(name=name, queryString="fields @message")
    first = logs.describe_query_definitions(maxResults=2)
    second = logs.describe_query_definitions(maxResults=2, nextToken=first["nextToken"])
    assert [one["name"] for one in first["queryDefinitions"] + second["queryDefinitions"]] == ["a", "b", "c"]
    assert "nextToken" not in second


def test_an_anomaly_detector(account: Account) -> None:
    def template(stat: str, zone: str) -> str:
        content = {"SingleMetricAnomalyDetector": {**CPU, "Stat": stat}, "Configuration": {"MetricTimeZone": zone}}
        model = resource("AWS::CloudWatch::AnomalyDetector", content)
        return body({"Model": model}, {"Ref": ref("Model"), "Id": att("Model", "Id")})

    def described() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = account.aws("cloudwatch", "describe-anomaly-detectors")["AnomalyDetectors"]
        return found

    made = account.deploy(template("Average", "UTC"))
    assert made["Ref"] == made["Id"]
    assert account.update(template("Average", "Europe/Berlin")) == made
    [found] = described()
    assert found["SingleMetricAnomalyDetector"] == {**CPU, "Stat": "Average"}
    assert found["Configuration"] == {"MetricTimezone": "Europe/Berlin"}
    assert found["StateValue"] == "PENDING_TRAINING"
    other = account.update(template("p95", "UTC"))
    assert other["Id"] != made["Id"]
    assert [one["SingleMetricAnomalyDetector"]["Stat"] for one in described()] == ["p95"]
    account.delete()
    assert described() == []


def test_detectors_of_expressions_are_listed_apart(account: Account) -> None:
    cloudwatch = account.stacks.client("cloudwatch")
    queries = {"MetricDataQueries": [{"Id": "a", "Expression": "TIME_SERIES(1)"}]}
    cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=queries)
    cloudwatch.put_anomaly_detector(**CPU, Stat="Sum")
    single = cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]
    assert ["SingleMetricAnomalyDetector" in one for one in single] == [True]
    math = cloudwatch.describe_anomaly_detectors(AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"]
    assert [one["MetricMathAnomalyDetector"] for one in math] == [queries]
    with pytest.raises(ClientError, match="One metric or one expression"):
        cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=queries, **CPU, Stat="Sum")
    cloudwatch.delete_anomaly_detector(**CPU, Stat="Sum")
    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.delete_anomaly_detector(**CPU, Stat="Sum")


def test_a_metric_filter_with_dimensions_and_a_parameter_as_its_pattern(account: Account) -> None:
    def template(unit: str, pattern: Any) -> str:
        metric = {
            "MetricNamespace": "shop/Logs",
            "MetricName": "Errors",
            "MetricValue": "1",
            "Unit": unit,
            "Dimensions": [{"Key": "Level", "Value": "$.level"}, {"Key": "Code", "Value": "$.code"}],
        }
        content = {"LogGroupName": ref("Log"), "FilterPattern": pattern, "MetricTransformations": [metric]}
        log = resource("AWS::Logs::LogGroup", {"LogGroupName": "lines", "RetentionInDays": 7})
        found = {"Log": log, "Filter": resource("AWS::Logs::MetricFilter", content)}
        return body(found, {"Name": ref("Filter")}, Parameters=text("Pattern"))

    made = account.deploy(template("Count", ref("Pattern")), Pattern='{ $.level = "error" }')
    assert re.fullmatch(r"Filter-\w{12}", made["Name"])
    pattern = '{ $.level = "error" || $.level = "fatal" }'
    assert account.update(template("None", ref("Pattern")), Pattern=pattern) == made
    [found] = account.aws("logs", "describe-metric-filters")["metricFilters"]
    assert (found["logGroupName"], found["filterPattern"]) == ("lines", pattern)
    [metric] = found["metricTransformations"]
    assert metric["dimensions"] == {"Level": "$.level", "Code": "$.code"}
    assert metric["unit"] == "None"
    account.delete()
    assert account.aws("logs", "describe-metric-filters")["metricFilters"] == []


def test_a_database_and_a_table_of_glue(account: Account) -> None:
    def template(location: str, **columns: str) -> str:
        listed = [{"Name": name, "Type": kind} for name, kind in columns.items()]
        table = {
            "Name": "access",
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "Parameters": {"projection.enabled": "true", "projection.day.range": "2024/01/01,NOW"},
            "StorageDescriptor": {"Columns": listed, "Location": location},
        }
        catalog = ref("AWS::AccountId")
        parts = {
            "Base": resource("AWS::Glue::Database", {"CatalogId": catalog, "DatabaseInput": {"Name": "logs"}}),
            "Table": resource(
                "AWS::Glue::Table", {"CatalogId": catalog, "DatabaseName": ref("Base"), "TableInput": table}
            ),
        }
        return body(parts, {"Base": ref("Base"), "Table": ref("Table")})

    assert account.deploy(template("s3://a/", ip="string")) == {"Base": "logs", "Table": "access"}
    account.update(template("s3://b/", ip="string", bytes="bigint"))
    found = account.aws("glue", "get-table", "--database-name", "logs", "--name", "access")["Table"]
    assert found["StorageDescriptor"]["Location"] == "s3://b/"
    assert [column["Name"] for column in found["StorageDescriptor"]["Columns"]] == ["ip", "bytes"]
    assert found["Parameters"]["projection.day.range"] == "2024/01/01,NOW"
    account.delete()
    assert account.aws("glue", "get-databases")["DatabaseList"] == []


def test_a_workgroup_and_a_query_of_athena(account: Account) -> None:
    def template(query: str, limit: int) -> str:
        settings = {
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": limit,
            "ResultConfiguration": {"OutputLocation": "s3://results/"},
        }
        named = {"Name": "slowest", "Database": "logs", "WorkGroup": ref("Group"), "QueryString": query}
        parts = {
            "Group": resource("AWS::Athena::WorkGroup", {"Name": "team", "WorkGroupConfiguration": settings}),
            "Query": resource("AWS::Athena::NamedQuery", named),
        }
        return body(parts, {"Group": ref("Group"), "Query": ref("Query"), "Same": att("Query", "NamedQueryId")})

    def ids() -> list[str]:
        found: list[str] = account.aws("athena", "list-named-queries", "--work-group", "team")["NamedQueryIds"]
        return found

    made = account.deploy(template("select 1", 10_000_000))
    assert made["Group"] == "team"
    assert made["Query"] == made["Same"]
    assert ids() == [made["Query"]]
    changed = account.update(template("select 2", 20_000_000))
    assert ids() == [changed["Query"]] != [made["Query"]]
    query = account.aws("athena", "get-named-query", "--named-query-id", changed["Query"])["NamedQuery"]
    assert (query["Name"], query["Database"], query["QueryString"]) == ("slowest", "logs", "select 2")
    group = account.aws("athena", "get-work-group", "--work-group", "team")["WorkGroup"]
    assert group["Configuration"]["BytesScannedCutoffPerQuery"] == 20_000_000
    account.delete()
    groups = account.aws("athena", "list-work-groups")["WorkGroups"]
    assert [one["Name"] for one in groups] == ["primary"]


def test_a_topic_keeps_its_key_and_has_no_name_to_show_unless_given(account: Account) -> None:
    def template(**properties: Any) -> str:
        key = {"Key": resource("AWS::KMS::Key", {}), "Topic": resource("AWS::SNS::Topic", properties)}
        return body(key, {"Key": att("Key", "Arn"), "Topic": ref("Topic")})

    def attributes(topic: str) -> dict[str, str]:
        found: dict[str, str] = account.aws("sns", "get-topic-attributes", "--topic-arn", topic)["Attributes"]
        return found

    made = account.deploy(template(KmsMasterKeyId=att("Key", "Arn"), TopicName="news"))
    assert made["Topic"] == account.arn("sns", "news")
    found = attributes(made["Topic"])
    assert (found["KmsMasterKeyId"], found["DisplayName"]) == (made["Key"], "")
    account.update(template(TopicName="news", DisplayName="News"))
    found = attributes(made["Topic"])
    assert found["DisplayName"] == "News"
    assert "KmsMasterKeyId" not in found
