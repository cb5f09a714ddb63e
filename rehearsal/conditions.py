"""Conditions of stages: rules on entry, success and failure.

https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works-conditions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.aws import Aws, Place, account_of
from rehearsal.events import Events, RehearsalError
from rehearsal.variables import Variables

_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "EQ": lambda found, wanted: found == wanted,
    "NE": lambda found, wanted: found != wanted,
    "CONTAINS": lambda found, wanted: wanted in found,
    "MATCHES": lambda found, wanted: re.fullmatch(wanted, found) is not None,
}


def failed(
    conditions: Mapping[str, Any], aws: Aws, place: Place, variables: Variables, events: Events
) -> tuple[str, str] | None:
    """The result that a stage's condition asks for because a rule does not hold, and the reason; None if all hold.

    Args:
        conditions: `onSuccess` or `beforeEntry` of a stage.
        aws: to look at alarms.
        place: the pipeline's.
        variables: of the execution.
        events: receives rules that cannot be evaluated.
    """
    for condition in conditions.get("conditions", []):
        for rule in condition["rules"]:
            reason = _broken(rule, aws, place, variables, events)
            if reason:
                return str(condition.get("result", "FAIL")), f"rule {rule['name']}: {reason}"
    return None


def _broken(rule: Mapping[str, Any], aws: Aws, place: Place, variables: Variables, events: Events) -> str:
    provider = rule["ruleTypeId"]["provider"]
    check = _RULES.get(provider)
    if check is None:
        events.not_rehearsed(f"rule {provider}", "the rehearsal has no way to evaluate it")
        return ""
    configuration = variables.filled(rule.get("configuration", {}))
    account = account_of(rule["roleArn"]) if "roleArn" in rule else place.account
    return check(configuration, aws, Place(account, rule.get("region", place.region)))


def _variable(configuration: Mapping[str, str], _aws: Aws, _place: Place) -> str:
    compare = _COMPARE.get(configuration["Operator"])
    if compare is None:
        raise RehearsalError(f"VariableCheck: operator {configuration['Operator']}, known are {', '.join(_COMPARE)}")
    if compare(configuration["Variable"], configuration["Value"]):
        return ""
    return f"'{configuration['Variable']}' {configuration['Operator']} '{configuration['Value']}' does not hold"


def _alarm(configuration: Mapping[str, str], aws: Aws, place: Place) -> str:
    """Whether the alarm is in ALARM now: nobody evaluates alarms here, a scenario may set one."""
    name = configuration["AlarmName"]
    found = aws.client("cloudwatch", place).describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not found:
        return f"there is no alarm {name}"
    states = configuration.get("AlarmStates", "ALARM").split(",")
    return f"alarm {name} is {found[0]['StateValue']}" if found[0]["StateValue"] in states else ""


_RULES: Mapping[str, Callable[[Mapping[str, str], Aws, Place], str]] = {
    "VariableCheck": _variable,
    "CloudWatchAlarm": _alarm,
}
