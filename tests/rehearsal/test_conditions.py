"""Rules of stages; alarms are the emulator's."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from rehearsal import conditions
from rehearsal.events import RehearsalError
from rehearsal.variables import Variables
from tests.rehearsal.deployed import Account, account


@pytest.fixture
def here(emulator: Emulator) -> Account:
    return account(emulator)


def rule(provider: str, **more: Any) -> dict[str, Any]:
    configuration = {key: value for key, value in more.items() if key[0].isupper()}
    rest = {key: value for key, value in more.items() if key not in configuration}
    kind = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": f"Check{provider}", "ruleTypeId": kind, "configuration": configuration, **rest}


def verdict(operator: str, value: str, variable: str = "#{Load.VERDICT}") -> dict[str, Any]:
    return rule("VariableCheck", Variable=variable, Operator=operator, Value=value)


def conditioned(*rules: dict[str, Any], result: str | None = "FAIL") -> dict[str, Any]:
    return {"conditions": [{"rules": list(rules), **({"result": result} if result else {})}]}


def failed(here: Account, stage: dict[str, Any], **given: str) -> tuple[str, str] | None:
    return conditions.failed(stage, here.aws, here.place, Variables({"Load": given}), here.events)


@pytest.mark.parametrize(
    ("operator", "value", "holds", "breaks"),
    [
        ("EQ", "switched", "switched", "switched "),
        ("NE", "kept", "switched", "kept"),
        ("CONTAINS", "ok", "it is ok", "o k"),
        ("MATCHES", "v[0-9]+", "v12", "v12-rc"),
    ],
)
def test_a_variable_is_compared(here: Account, operator: str, value: str, holds: str, breaks: str) -> None:
    stage = conditioned(verdict(operator, value))
    assert failed(here, stage, VERDICT=holds) is None
    found = failed(here, stage, VERDICT=breaks)
    assert found is not None
    assert found[0] == "FAIL"
    assert found[1].startswith(f"rule CheckVariableCheck: '{breaks}' {operator} '{value}'")


def test_an_operator_that_is_unknown(here: Account) -> None:
    with pytest.raises(RehearsalError, match="operator GT, known are EQ, NE, CONTAINS, MATCHES"):
        failed(here, conditioned(verdict("GT", "1")), VERDICT="2")


def test_a_variable_that_nobody_gave(here: Account) -> None:
    with pytest.raises(RehearsalError, match=r"#\{Load\.VERDICT\}"):
        failed(here, conditioned(verdict("EQ", "x")))


def test_no_conditions_hold(here: Account) -> None:
    assert failed(here, {}) is None
    assert failed(here, {"result": "ROLLBACK"}) is None


def test_every_rule_of_every_condition_has_to_hold(here: Account) -> None:
    good, bad = verdict("EQ", "yes"), verdict("EQ", "no")
    stage = {"conditions": [{"result": "SKIP", "rules": [good]}, {"result": "ROLLBACK", "rules": [good, bad]}]}
    found = failed(here, stage, VERDICT="yes")
    assert found is not None
    assert found[0] == "ROLLBACK"
    assert failed(here, {"conditions": stage["conditions"][:1]}, VERDICT="yes") is None


def test_a_condition_without_a_result_fails(here: Account) -> None:
    found = failed(here, conditioned(verdict("EQ", "no"), result=None), VERDICT="yes")
    assert found is not None
    assert found[0] == "FAIL"


def alarm(here: Account, state: str, region: str | None = None) -> None:
    client = here.aws.client("cloudwatch", here.place._replace(region=region or here.place.region))
    client.put_metric_alarm(
        AlarmName="errors",
        Namespace="Courier",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    client.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="set")


@pytest.mark.parametrize(
    ("state", "more", "broken"),
    [
        ("ALARM", {}, True),
        ("OK", {}, False),
        ("INSUFFICIENT_DATA", {}, False),
        ("INSUFFICIENT_DATA", {"AlarmStates": "ALARM,INSUFFICIENT_DATA"}, True),
    ],
)
def test_an_alarm_is_what_it_was_set_to(here: Account, state: str, more: dict[str, str], broken: bool) -> None:
    alarm(here, state)
    found = failed(here, conditioned(rule("CloudWatchAlarm", AlarmName="errors", **more)))
    assert found == (("FAIL", f"rule CheckCloudWatchAlarm: alarm errors is {state}") if broken else None)


def test_an_alarm_that_is_not_there(here: Account) -> None:
    found = failed(here, conditioned(rule("CloudWatchAlarm", AlarmName="gone")))
    assert found == ("FAIL", "rule CheckCloudWatchAlarm: there is no alarm gone")


def test_an_alarm_of_another_account_and_region(emulator: Emulator) -> None:
    here, there = account(emulator), account(emulator)
    alarm(there, "ALARM", "eu-west-1")
    at = {"roleArn": f"arn:aws:iam::{there.place.account}:role/reader", "region": "eu-west-1"}
    found = failed(here, conditioned(rule("CloudWatchAlarm", AlarmName="errors", **at)))
    assert found is not None
    assert found[1].endswith("alarm errors is ALARM")
    alarm(there, "OK", "eu-west-1")
    assert failed(here, conditioned(rule("CloudWatchAlarm", AlarmName="errors", **at))) is None


def test_a_rule_that_nobody_can_evaluate_holds_and_is_listed(here: Account) -> None:
    assert (
        failed(here, conditioned(rule("DeploymentWindow", Cron="* * ? * * *"), verdict("EQ", "x")), VERDICT="x") is None
    )
    assert list(here.events.missing) == ["rule DeploymentWindow"]
