"""Alarms that a dashboard names: they have to be there, and to have something to draw."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from sendy_cfn.pictures import alarm_states
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.body import Body, Problem


def problems(dashboard: Body, alarms: Mapping[str, Alarm], place: str) -> Iterator[Problem]:
    """What is wrong with the alarms that the widgets name.

    Args:
        dashboard: With widgets whose properties have been checked.
        alarms: Those that there are, by ARN.
        place: Where they are, for people: an environment or "toolchain".
    """
    for widget in dashboard.widgets:
        path = f"widgets[{widget.number}].properties"
        for number, arn in enumerate(widget.properties.get("annotations", {}).get("alarms", [])):
            here = f"{path}.annotations.alarms[{number}]"
            alarm = alarms.get(arn)
            if alarm is None:
                yield f"{here}: {_missing(arn, alarms, place)}"
            elif alarm.rule is not None:
                yield f"{here}: {alarm.name!r} is a composite alarm, of no metric; a widget of type alarm shows it"
        for number, arn in enumerate(widget.properties.get("alarms", []) if widget.type == "alarm" else []):
            here = f"{path}.alarms[{number}]"
            if arn not in alarms:
                yield f"{here}: {_missing(arn, alarms, place)}"
            else:
                yield from _rule(here, alarms[arn])


def _missing(arn: str, alarms: Mapping[str, Alarm], place: str) -> str:
    name = arn.partition(":alarm:")[2]
    elsewhere = next((each for each in alarms if each.partition(":alarm:")[2] == name), "")
    if elsewhere:
        return f"the alarm {name!r} of {place} is {elsewhere}, not {arn}"
    near = difflib.get_close_matches(name, [each.name for each in alarms.values()], 1)
    return f"there is no alarm {name!r} in {place}" + (f", did you mean {near[0]!r}?" if near else "")


def _rule(here: str, alarm: Alarm) -> Iterator[Problem]:
    try:
        alarm_states.holds(alarm.rule or "FALSE", lambda _name: alarm_states.OK)
    except alarm_states.RuleError as error:
        yield f"{here}: rule of {alarm.name!r}: {error}"
