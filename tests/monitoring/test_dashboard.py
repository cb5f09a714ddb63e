"""The dashboard of delivery: its structure, what its formulas come to, and that it asks for what there is."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from troposphere import GetAtt, Ref

from sendy_cfn.blocks import dashboards, delivery_dashboard, delivery_queries, measures
from sendy_cfn.blocks.references import inside, json_text
from tests.generated import CASES, Document, Generated, generated
from tests.monitoring import examples
from tests.monitoring.dashboard_schema import BODY
from tests.monitoring.series import Series, evaluated
from tests.monitoring.test_patterns import monitoring
from tests.stacks.deliveries import Stack

Widget = dict[str, Any]
DAYS = 56


def body(stack: Stack | None = None) -> Document:
    (board,) = (stack or monitoring()).of_type("CloudWatch::Dashboard").values()
    found: Document = json.loads(board["DashboardBody"])
    return found


def widget(title: str) -> Widget:
    (found,) = [one["properties"] for one in body()["widgets"] if one["properties"].get("title") == title]
    return dict(found)


@pytest.fixture(params=[path for path in CASES if path.name != "throwaway"], ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def of_case(case: Generated) -> Document:
    template = case.templates["delivery-monitoring.yaml"]
    values = {name: name for name in template["Parameters"]} | {"AWS::StackName": "stack"}
    return body(Stack({"Conditions": {}, **template}, values))


def test_the_body_has_the_structure_that_cloudwatch_takes(case: Generated) -> None:
    jsonschema.validate(of_case(case), BODY)


def test_no_two_widgets_are_in_one_place(case: Generated) -> None:
    taken: set[tuple[int, int]] = set()
    for one in of_case(case)["widgets"]:
        assert one["x"] + one["width"] <= dashboards.WIDTH
        cells = {
            (x, y) for x in range(one["x"], one["x"] + one["width"]) for y in range(one["y"], one["y"] + one["height"])
        }
        assert not cells & taken
        taken |= cells


def test_a_row_too_wide_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 25 columns, expected at most 24"):
        dashboards.placed([[dashboards.text("a", width=12), dashboards.text("b", width=13)]])


def test_formulas_refer_to_lines_of_their_widget(case: Generated) -> None:
    seen = 0
    for one in of_case(case)["widgets"]:
        lines = one["properties"].get("metrics", [])
        ids = [line[-1]["id"] for line in lines if "id" in line[-1]]
        assert len(set(ids)) == len(ids)
        for line in lines:
            formula = re.sub(r"'[^']*'", "", line[-1].get("expression", ""))
            assert set(re.findall(r"\b[a-z]\w*\b", formula)) <= set(ids), formula
            seen += bool(formula)
    assert seen > 10


def test_metrics_are_those_that_filters_make(case: Generated) -> None:
    made = set()
    for file, template in case.templates.items():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Logs::MetricFilter" and file.startswith(("builds-", "delivery-")):
                (metric,) = resource["Properties"]["MetricTransformations"]
                keys = tuple(one["Key"] for one in metric.get("Dimensions", []))
                made.add((metric["MetricNamespace"], metric["MetricName"], keys))
    asked = set()
    for one in of_case(case)["widgets"]:
        for line in one["properties"].get("metrics", []):
            if len(line) > 1:
                asked.add((line[0], line[1], tuple(line[2:-1:2])))
            for schema, name in re.findall(r"\{([^}]*)\} MetricName=\"(\w+)\"", line[-1].get("expression", "")):
                space, *keys = schema.split(",")
                if space != "AWS/CodeBuild":
                    asked.add((space, name, tuple(keys)))
    assert len(asked) > 10
    assert asked <= made


def test_codebuilds_metrics_exist() -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch_metrics-codebuild.html"""
    text = json.dumps(body())
    names = re.findall(r"\{AWS/CodeBuild,ProjectName\} MetricName=\\+\"(\w+)", text)
    assert names
    assert set(names) <= {"Duration", "QueuedDuration", "BuildDuration", "SubmittedDuration", "FailedBuilds"}


def shown(title: str, **metrics: Series) -> dict[str, float | None]:
    """What the numbers of a widget show at the end, by label."""
    lines = widget(title)["metrics"]
    wanted = {line[-1]["id"]: (line[1], line[-1]["stat"]) for line in lines if len(line) > 1}
    names = {f"{name}{stat}": key for key, (name, stat) in wanted.items()}
    given = {names[name]: series for name, series in metrics.items()}
    formulas = {line[0]["label"]: line[0]["expression"] for line in lines if len(line) == 1}
    return {label: evaluated(formula, given)[-1] for label, formula in formulas.items()}


def daily(**days_ago: float) -> Series:
    """Values by day: d0 is the newest day."""
    return [days_ago.get(f"d{ago}") for ago in reversed(range(DAYS))]


def test_deployments_of_either_half() -> None:
    series = daily(d0=1, d27=2, d28=4, d55=8)
    assert shown("All services: deployments", ReleasedSum=series) == {"last 28 days": 3, "28 days before": 12}


@pytest.mark.parametrize(
    ("sums", "counts", "last", "before"),
    [
        (daily(d1=7200, d3=10800, d40=36000), daily(d1=2, d3=1, d40=1), 18000 / 3 / 3600, 10.0),
        (daily(d1=7200), daily(d1=1), 2.0, None),  # no release in the first half, no mean
    ],
)
def test_lead_time_is_the_mean_of_releases_not_of_days(
    sums: Series, counts: Series, last: float, before: float | None
) -> None:
    found = shown("All services: lead time (hours, mean)", LeadTimeSum=sums, LeadTimeSampleCount=counts)
    assert found == {"last 28 days": pytest.approx(last), "28 days before": before}


def test_change_failure_rate_is_of_all_releases() -> None:
    released, failed = daily(d0=6, d5=3, d30=1), daily(d2=1, d31=1)
    found = shown("All services: change failure rate (%)", ReleasedSum=released, FailedSum=failed)
    assert found == {"last 28 days": pytest.approx(10.0), "28 days before": pytest.approx(50.0)}


def test_time_to_restore_in_minutes() -> None:
    found = shown(
        "Service: time to restore (minutes, mean)", RestoreTimeSum=daily(d2=600), RestoreTimeSampleCount=daily(d2=2)
    )
    assert found == {"last 28 days": 5.0, "28 days before": None}


def test_without_data_there_is_no_number() -> None:
    assert shown("All services: deployments", ReleasedSum=daily()) == {"last 28 days": None, "28 days before": None}


def test_the_chosen_service_is_a_dimension_of_the_second_row_only() -> None:
    (variable,) = body()["variables"]
    assert variable["defaultValue"] == "orders"
    assert variable["search"] == '{courier/Delivery,Service} MetricName="Released"'
    for one in body()["widgets"]:
        for line in one["properties"].get("metrics", []):
            if len(line) > 1:
                chosen = dict(zip(line[2:-1:2], line[3:-1:2], strict=True))
                assert (chosen == {"Service": "orders"}) == one["properties"]["title"].startswith("Service:")


def fields(query: str) -> set[str]:
    """Fields of lines that a query reads: all names but commands, functions, and those that it makes itself."""
    plain = re.sub(r'"[^"]*"', "", query.replace(r"\"", '"'))
    made = set(re.findall(r"\bas (\w+)", plain))
    words = set(re.findall(r"`([^`]+)`|(@?[a-z][\w.]*)(?!\s*\()\b", plain))
    names = {quoted or bare for quoted, bare in words}
    commands = {"filter", "fields", "stats", "sort", "limit", "display", "by", "as", "and", "or", "in", "desc"}
    calls = set(re.findall(r"\b(\w+)\s*\(", plain))
    return names - made - commands - calls - {"@timestamp", "@log"}


QUERIES = {name: query for name, (_, query) in delivery_queries.SAVED.items()}
QUERIES["deployed"] = delivery_queries.deployed("test")


@pytest.mark.parametrize("name", QUERIES)
def test_queries_ask_for_fields_that_lines_have(name: str) -> None:
    lines: list[Any] = [examples.example(event) for event in examples.names()]
    lines.append(dict.fromkeys(("measure", "service", "outcome", "at", "commit", "templates", "trigger"), ""))
    lines[-1] |= {"approved_by": "", "lead_seconds": 1, "restore_seconds": 1}
    asked = fields(QUERIES[name])
    assert asked
    for path in asked:
        assert any(_has(line, path.split(".")) for line in lines), path


def _has(line: Any, path: list[str]) -> bool:
    return not path or (isinstance(line, dict) and path[0] in line and _has(line[path[0]], path[1:]))


def test_saved_queries_are_of_the_event_log() -> None:
    saved = monitoring().of_type("Logs::QueryDefinition")
    for query in saved.values():
        assert query["LogGroupNames"] == ["EventLog.id"]
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
        assert query["QueryString"].count("| stats ") <= 2
    names = [query["Name"] for query in saved.values()]
    assert len(set(names)) == len(names)
    assert sum(name.startswith("courier/delivery/") for name in names) == len(delivery_queries.SAVED)


def test_each_environment_has_a_query_of_who_deployed_what(case: Generated) -> None:
    template = case.templates["delivery-monitoring.yaml"]
    saved = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Logs::QueryDefinition"
    ]
    who = {query["Name"]: query["QueryString"] for query in saved if query["Name"].endswith("/who deployed what")}
    *earlier, last = case.platform.environments
    assert list(who) == [f"{case.platform.platform}/{place}/who deployed what" for place in (*earlier, last)]
    stages = {
        stage["Name"]
        for name, document in case.templates.items()
        if name.startswith("pipeline-")
        for stage in document["Resources"]["Pipeline"]["Properties"]["Stages"]
    }
    *events, releases = who.values()
    for query in events:
        assert set(re.findall(r'detail.stage = "(\w+)"', query)) <= stages, query
    assert releases == delivery_queries.RELEASES.replace(" | ", "\n| ")


def test_text_with_references() -> None:
    found = json_text({"a": Ref("A"), "b": f"x {inside(GetAtt('B', 'Arn'))} ${{C}}", "w": [1, "é"]}, spread="w")
    assert not isinstance(found, str)
    assert found.to_dict() == {"Fn::Sub": '{"a":"${A}","b":"x ${B.Arn} ${!C}","w":[\n1,\n"é"\n]}'}
    assert json_text({"b": "${C}"}) == '{"b":"${C}"}'


def test_measures_and_dashboard_agree_on_names() -> None:
    assert {f"{one.name}Filter" for one in (*measures.KEYS, *measures.OF_EVENTS)} <= set(monitoring().resources)
    assert delivery_dashboard.START.removeprefix("-P") == f"{DAYS}D"
