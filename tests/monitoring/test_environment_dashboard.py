"""The dashboard of an environment: structure, a row for each service, alarms that exist, what NAT costs, its size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from sendy_cfn import stacks
from sendy_cfn.blocks import dashboards, environment_queries, task_measures
from sendy_cfn.config import releases
from sendy_cfn.config.model import Environment, Platform
from sendy_cfn.config.words import Alarms
from sendy_cfn.names import cluster_id
from tests.generated import CASES, Document, Generated, generated
from tests.monitoring import examples
from tests.monitoring.dashboard_schema import BODY
from tests.monitoring.series import Series, evaluated
from tests.monitoring.test_dashboard import fields
from tests.platforms import ROOT
from tests.stacks.deliveries import Stack

ARN = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:"
Body = dict[str, Any]


def values(template: Document, place: str, **more: Any) -> dict[str, Any]:
    lists = {"NatGatewayIds": ["nat-1", "nat-2"]}
    named = {name: lists.get(name, f"value-of-{name}") for name, one in template["Parameters"].items()}
    defaults = {name: one["Default"] for name, one in template["Parameters"].items() if "Default" in one}
    return named | defaults | {"Environment": place, "AWS::StackName": "stack", **more}


def board(template: Document, place: str, **more: Any) -> Body:
    made = Stack({"Outputs": {}, **template}, values(template, place, **more))
    (found,) = made.of_type("CloudWatch::Dashboard").values()
    return {"Name": found["DashboardName"], **json.loads(found["DashboardBody"])}


def pages(templates: dict[str, Document], place: Environment) -> list[Body]:
    """Those of an environment, the first one first."""
    found: list[Body] = []
    while (file := stacks.monitoring_file(place, len(found) + 1)) in templates:
        found.append(board(templates[file], place.name))
    return found


@pytest.fixture(params=CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def every(case: Generated) -> Iterator[tuple[Environment, Body]]:
    for place in case.platform.environments.values():
        for body in pages(case.templates, place):
            yield place, body


def sound(body: Body) -> None:
    """CloudWatch takes it, and no two widgets are in one place."""
    jsonschema.validate({key: value for key, value in body.items() if key != "Name"}, BODY)
    taken: set[tuple[int, int]] = set()
    for one in body["widgets"]:
        assert one["x"] + one["width"] <= dashboards.WIDTH
        columns, lines = range(one["x"], one["x"] + one["width"]), range(one["y"], one["y"] + one["height"])
        cells = {(x, y) for x in columns for y in lines}
        assert not cells & taken
        taken |= cells


def test_the_body_has_the_structure_that_cloudwatch_takes(case: Generated) -> None:
    for _, body in every(case):
        sound(body)


def alarm_widgets(bodies: list[Body]) -> dict[str, str]:
    """Title -> name of the alarm."""
    return {
        one["properties"]["title"]: one["properties"]["annotations"]["alarms"][0].removeprefix(ARN)
        for body in bodies
        for one in body["widgets"]
        if "annotations" in one["properties"]
    }


COLUMNS = {"requests": "requests-band", "errors": "errors", "latency": "latency", "tasks": "too-few-tasks"}
FEW = {"errors", "latency"}  # of a service with nothing but what stops its releases


def complete(of: Platform, place: Environment, bodies: list[Body]) -> None:
    """Each service has its row, and each row its widgets, once."""
    expected = {
        f"{name}: {title}": f"{of.platform}-{place.name}-{name}-{kind}"
        for name, service in of.services.items()
        for title, kind in COLUMNS.items()
        if service.alarms is Alarms.ALL or title in FEW
    }
    assert alarm_widgets(bodies) == expected
    titles = [one["properties"].get("title", "") for body in bodies for one in body["widgets"]]
    deployments = sorted(title for title in titles if title.endswith(": deployments"))
    assert deployments == sorted(f"{name}: deployments" for name in of.services)
    lines = {(place, one["y"]) for place, body in enumerate(bodies) for one in body["widgets"] if ": dep" in str(one)}
    assert len(lines) == len(deployments)


def test_every_service_has_a_row(case: Generated) -> None:
    for place in case.platform.environments.values():
        complete(case.platform, place, pages(case.templates, place))


def names_of_alarms(case: Generated, place: Environment) -> set[str]:
    """Of all stacks of an environment, as far as they are there."""
    name = f"{case.platform.platform}-{place.name}"
    network, cluster = stacks.network_file(place), stacks.cluster_file(place)
    found = _names(case.templates[network], {"Environment": place.name})
    found |= _names(case.templates[stacks.monitoring_file(place)], {"Environment": place.name})
    for cell in case.platform.cells:
        for colour in place.clusters:
            given = {"Environment": place.name, "ClusterId": cluster_id(colour, cell)}
            found |= _names(case.templates[cluster], given)
    for service in case.platform.services.values():
        file = releases.service_file(service, releases.variant(service, place))
        found |= _names(case.templates[file], {"AWS::StackName": f"{name}-{service.name}"})
    return found


def _names(template: Document, given: dict[str, str]) -> set[str]:
    found = set()
    for resource in template["Resources"].values():
        if resource["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
            text = resource["Properties"]["AlarmName"]["Fn::Sub"]
            found.add(re.sub(r"\$\{([^}]+)\}", lambda part: given[part[1]], text))
    return found


def test_alarms_that_it_shows_exist(case: Generated) -> None:
    for place in case.platform.environments.values():
        bodies, there = pages(case.templates, place), names_of_alarms(case, place)
        shown = set(alarm_widgets(bodies).values())
        assert shown
        assert shown <= there
        stated = [arn.removeprefix(ARN) for body in bodies for one in body["widgets"] if one["type"] == "alarm"
                  for arn in one["properties"]["alarms"]]  # fmt: skip
        assert len(set(stated)) == len(stated)
        # What people get messages from: all of it, and no more.
        assert set(stated) == {name for name in there if name.endswith("-health")}


def test_without_nat_the_networks_alarm_is_not_asked_for() -> None:
    template = generated(ROOT / "params").templates["monitoring.yaml"]
    with_nat, without = (board(template, "staging", Nat=nat) for nat in ("single", "none"))
    first, second = (
        next(one["properties"]["alarms"] for one in body["widgets"] if one["type"] == "alarm")
        for body in (with_nat, without)
    )
    assert set(first) - set(second) == {f"{ARN}courier-staging-nat_gateways-health"}
    sound(without)


def formulas() -> dict[str, Any]:
    body = board(generated(ROOT / "params").templates["monitoring.yaml"], "staging")
    (found,) = [one["properties"] for one in body["widgets"] if "about what" in one["properties"].get("title", "")]
    return {line[0]["id"]: line[0] for line in found["metrics"]}


def test_what_nat_costs() -> None:
    """10 GB from tasks and 30 from outside in an hour, two gateways all the time: prices of us-east-1."""
    lines = formulas()
    series: dict[str, Series] = {"a": [10e9], "b": [30e9], "c": [2 * 60.0]}
    dollars = {key: evaluated(line["expression"], series) for key, line in lines.items() if line.get("visible", True)}
    assert dollars == {"d": [pytest.approx(1.8)], "e": [pytest.approx(0.09)]}
    for key, name, stat in (
        ("a", "BytesInFromSource", "Sum"),
        ("b", "BytesInFromDestination", "Sum"),
        ("c", "ActiveConnectionCount", "SampleCount"),
    ):
        found = re.fullmatch(r"SUM\(SEARCH\('(.*)', '(\w+)', 3600\)\)", lines[key]["expression"])
        assert found
        assert found[1] == f'{{AWS/NATGateway,NatGatewayId}} MetricName="{name}" ("nat-1" OR "nat-2")'
        assert found[2] == stat


def test_metrics_of_aws_exist(case: Generated) -> None:
    """As their pages list them, with the dimensions that they have there."""
    known = {
        ("AWS/ApplicationELB", "LoadBalancer"): {
            *("RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "TargetResponseTime"),
            *("NewConnectionCount", "ActiveConnectionCount", "RejectedConnectionCount", "ConsumedLCUs"),
        },
        ("ECS/ContainerInsights", "ClusterName"): {
            *("CpuReserved", "CpuUtilized", "MemoryReserved", "MemoryUtilized", "TaskCount", "ContainerInstanceCount"),
        },
    }
    for place, body in every(case):
        asked: dict[tuple[str, str], set[str]] = {}
        for one in body["widgets"]:
            for line in one["properties"].get("metrics", []):
                if len(line) > 1:
                    asked.setdefault((line[0], line[2]), set()).add(line[1])
        assert asked == {} or asked == {
            key: names - (set() if case.platform.cluster.ec2 else {"ContainerInstanceCount"})
            for key, names in known.items()
        }
        assert ("NatGateway" in json.dumps(body)) == ("NAT" in json.dumps(body)), place.name


def test_searches_ask_for_metrics_that_filters_make() -> None:
    template = generated(ROOT / "params").templates["monitoring.yaml"]
    made = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Logs::MetricFilter":
            (metric,) = resource["Properties"]["MetricTransformations"]
            made[metric["MetricName"]] = (metric["MetricNamespace"], *(one["Key"] for one in metric["Dimensions"]))
    text = json.dumps(board(template, "staging"))
    asked = set(re.findall(r"SEARCH\('\{courier/Tasks,(\w+),(\w+)\} MetricName=\\+\"(\w+)\\+\" Resource=", text))
    assert asked == {(*made[task_measures.DEPLOYMENTS.name][1:], "Deployments")}


def test_queries_ask_for_fields_that_lines_have() -> None:
    found = json.dumps(board(generated(ROOT / "params").templates["monitoring.yaml"], "staging"))
    assert "SOURCE 'EventLog.id' | filter `detail-type`" in found
    assert "SOURCE 'value-of-FlowLogGroup' | filter action" in found
    event = examples.example("task-out-of-memory")
    columns = environment_queries.TASK_STOPS.rpartition("display ")[2].split(",")
    for column in columns:
        node: Any = event
        for key in column.strip().split("."):
            node = node[int(key)] if key.isdigit() else node.get(key)
            if node is None:
                assert column.strip().endswith(".reason")  # only what was killed has one
                break
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
    flow = {"version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets"}
    flow |= {"bytes", "start", "end", "action", "logStatus"}
    assert fields(environment_queries.REJECTS) <= flow
