"""The monitoring stack of environments: which events it keeps, what it counts, who may write, what there is when."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest

from emulator import Emulator
from sendy_cfn import stacks
from sendy_cfn.config.words import Vpc
from sendy_cfn.stacks import monitoring
from tests.generated import CASES, Generated, generated
from tests.monitoring import examples
from tests.monitoring.deployed import Deployed, of
from tests.monitoring.examples import Event, example
from tests.platforms import ROOT, platform
from tests.stacks.authorization import allows
from tests.stacks.deliveries import Stack

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
VALUES: dict[str, Any] = {
    "AWS::StackName": "courier-production-Monitoring",
    "Environment": "production",
    "KeyArn": KEY,
    "BlueLoadBalancerFullName": "app/blue/1",
    "GreenLoadBalancerFullName": "app/green/2",
    "FlowLogGroup": "flow",
    "NatGatewayIds": ["nat-1", "nat-2"],
    "LogRetentionDays": 90,
}
ROWS = (("orders", (), True),)
FAILURES = {"task-exited", "task-out-of-memory", "task-not-started", "task-of-no-service"}
GROUP = "service:courier-production-orders-Service-Zx81aBcD"


@cache
def template(*, throwaway: bool = False) -> Any:
    return monitoring.build(platform(), ("blue", "green"), ("blue", "green"), ROWS, 1, throwaway=throwaway)


def stack(**values: Any) -> Stack:
    return Stack(template().to_dict(), VALUES | values)


def keeping(emulator: Emulator, event: Event, **values: Any) -> set[str]:
    rules = stack(**values).of_type("Events::Rule")
    return {name for name, rule in rules.items() if examples.matches(emulator, rule["EventPattern"], event)}


@pytest.mark.parametrize("name", examples.names())
def test_failed_tasks_and_deployments_are_kept(emulator: Emulator, name: str) -> None:
    wanted = {"TaskEvents"} if name in FAILURES else {"DeploymentEvents"} if name.startswith("ecs-") else set()
    assert keeping(emulator, example(name)) == wanted


@pytest.mark.parametrize("name", ["task-exited", "ecs-completed"])
def test_what_happens_elsewhere_is_not_kept(emulator: Emulator, name: str) -> None:
    event = example(name)
    assert keeping(emulator, event)
    assert not keeping(emulator, event, Environment="staging")
    assert not keeping(emulator, event, Environment="prod")
    # Of two environments the name of one may begin with the other's.
    assert not keeping(emulator, examples.renamed(event, "courier-production-blue", "courier-production-x-blue"))
    assert not keeping(emulator, examples.renamed(event, "courier-production-blue", "courier-production-blue-2"))
    assert not keeping(emulator, examples.renamed(event, "courier-production-blue", "my-courier-production-blue"))
    assert not keeping(emulator, examples.elsewhere(event, "999999999999"))


def test_only_the_rules_write_and_what_is_not_delivered_is_kept() -> None:
    made = stack()
    document = json.loads(made.resources["EventLogPolicy"]["PolicyDocument"])["Statement"]
    (queue,) = made.of_type("SQS::QueuePolicy").values()
    rules = made.of_type("Events::Rule")
    assert set(rules) == {"TaskEvents", "DeploymentEvents"}
    for name, rule in rules.items():
        sent = {"aws__SourceArn": f"{name}.Arn", "aws__SecureTransport": "true"}
        assert allows(document, "logs:PutLogEvents", "EventLog.Arn", **sent)
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": "UndeliveredEvents.Arn"}
        assert allows(queue["PolicyDocument"]["Statement"], "sqs:SendMessage", "UndeliveredEvents.Arn", **sent)
    assert not allows(document, "logs:PutLogEvents", "EventLog.Arn", aws__SourceArn="arn:aws:events:::rule/other")
    assert made.resources["EventLog"]["KmsKeyId"] == made.resources["UndeliveredEvents"]["KmsMasterKeyId"] == KEY
    assert made.resources["EventLog"]["RetentionInDays"] == 90


@pytest.mark.parametrize(("throwaway", "policy"), [(False, "Retain"), (True, "Delete")])
def test_the_log_goes_with_a_throwaway_environment_only(throwaway: bool, policy: str) -> None:
    log = template(throwaway=throwaway).to_dict()["Resources"]["EventLog"]
    assert log["UpdateReplacePolicy"] == policy


@pytest.fixture
def deployed(emulator: Emulator) -> Deployed:
    return Deployed(emulator, template(), **VALUES | {"NatGatewayIds": "nat-1,nat-2"})


def test_events_become_lines_and_numbers(deployed: Deployed) -> None:
    for name in examples.names():
        deployed.send(example(name))
    kept = [name for name in examples.names() if name in FAILURES or name.startswith("ecs-")]
    assert [json.loads(line)["detail"] for line in deployed.lines("EventLog")] == [
        example(name)["detail"] for name in kept
    ]
    service = example("ecs-failed")["resources"][0]
    assert deployed.sums("courier/Tasks") == {
        of("Failed", Group=GROUP): 3,
        of("OutOfMemory", Group=GROUP): 1,
        of("Deployments", Resource=service, Outcome="SERVICE_DEPLOYMENT_COMPLETED"): 1,
        of("Deployments", Resource=service, Outcome="SERVICE_DEPLOYMENT_FAILED"): 1,
    }


@pytest.mark.parametrize("place", range(10))
def test_whichever_container_of_a_task_was_killed_it_counts_once(deployed: Deployed, place: int) -> None:
    """AWS: at most 10 containers."""
    event = example("task-out-of-memory")
    plain, killed, _ = event["detail"]["containers"]
    event["detail"]["containers"] = [killed if number == place else copy.deepcopy(plain) for number in range(10)]
    deployed.send(event)
    assert deployed.sums("courier/Tasks")[of("OutOfMemory", Group=GROUP)] == 1


def test_two_killed_containers_are_one_stop(deployed: Deployed) -> None:
    event = example("task-out-of-memory")
    event["detail"]["containers"] = [event["detail"]["containers"][1]] * 2
    deployed.send(event)
    assert deployed.sums("courier/Tasks") == {of("OutOfMemory", Group=GROUP): 1, of("Failed", Group=GROUP): 1}


def test_a_task_that_ended_otherwise_is_not_out_of_memory(deployed: Deployed) -> None:
    """137 is what a task gets that does not end in time, too."""
    event = example("task-exited")
    event["detail"]["containers"][0] |= {"exitCode": 137, "reason": "Killed"}
    deployed.send(event)
    assert deployed.sums("courier/Tasks") == {of("Failed", Group=GROUP): 1}


def test_without_full_monitoring_there_is_no_dashboard_and_all_else() -> None:
    full, less = stack(), stack(FullMonitoring="false")
    assert set(full.made) - set(less.made) == {"Dashboard"}
    assert full.outputs["DashboardUrl"].endswith("#dashboards/dashboard/courier-production")
    assert less.outputs["DashboardUrl"].startswith("none")


def test_an_alarm_tells_of_events_that_were_not_delivered() -> None:
    alarm = stack().resources["UndeliveredAlarm"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "UndeliveredEvents.QueueName"}]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 0)
    assert (
        "queues/https%3A%2F%2Fsqs.eu-central-1.amazonaws.com%2F123456789012%2FUndelivered" in alarm["AlarmDescription"]
    )


@pytest.fixture(params=CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def test_every_root_nests_it_and_shows_the_dashboards_address(case: Generated) -> None:
    for place in case.platform.environments.values():
        root = case.templates[stacks.environment_file(place)]
        nested = root["Resources"]["Monitoring"]["Properties"]
        assert nested["TemplateURL"] == stacks.monitoring_file(place)
        assert root["Outputs"]["DashboardUrl"]["Value"] == {"Fn::GetAtt": ["Monitoring", "Outputs.DashboardUrl"]}
        made = case.templates[stacks.monitoring_file(place)]
        assert ("FlowLogGroup" in made["Parameters"]) == (place.vpc is Vpc.NEW)
        assert made["Resources"]["EventLog"]["UpdateReplacePolicy"] == ("Delete" if place.throwaway else "Retain")


def test_the_shipped_test_environment_has_no_dashboard() -> None:
    given = generated(ROOT / "params").configurations
    assert given["test/environment.json"]["Parameters"]["FullMonitoring"] == "false"
    assert "FullMonitoring" not in given["production/environment.json"]["Parameters"]
