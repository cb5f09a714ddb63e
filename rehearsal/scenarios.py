"""Scenarios that need no traffic: what a release does, and what keeps a bad one away from customers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from rehearsal.director import Director
from rehearsal.events import Events, NotRehearsedError, RehearsalError
from rehearsal.executions import Execution

Row = tuple[str, str, str]  # label, value, unit
Where = TypeVar("Where")  # what a scenario plays with


@dataclass(frozen=True)
class Verdict:
    """What came of a scenario."""

    outcome: str
    passed: bool
    measured: tuple[Row, ...] = ()
    decision_seconds: float | None = None
    worst_case_minutes: float | None = None
    failures_expected: bool = False  # a control: without failures it would show nothing


@dataclass(frozen=True)
class Scenario(Generic[Where]):
    """Something to try."""

    name: str
    title: str
    expected: str
    play: Callable[[Where], Verdict]


def first(director: Director) -> Verdict:
    """The first release goes all the way."""
    commit = director.commit()
    execution = director.release()
    answers = [environment for environment in director.environments if director.version(environment) == commit]
    good = execution.status == "Succeeded" and answers == director.environments
    return Verdict(f"{ended(execution)}; {commit[:7]} answers in {', '.join(answers) or 'no environment'}", good)


def switch(director: Director) -> Verdict:
    """The next release goes to the idle cluster, and names lead there afterwards."""
    before = director.live_colour
    director.environment_with("Switch")
    commit = director.commit()
    execution = director.release()
    after = director.live_colour
    good = execution.status == "Succeeded" and director.version(director.last) == commit and before != after
    return Verdict(f"{ended(execution)}; customers went from {before or 'one side'} to {after or 'one side'}", good)


def contained(fault: str, where: Callable[[Director], str]) -> Callable[[Director], Verdict]:
    """A version with a fault fails in an environment, and customers there and after it keep what they had."""

    def play(director: Director) -> Verdict:
        stage = director.stage_of(where(director))
        before = {environment: director.version(environment) for environment in director.environments}
        director.commit(fault)
        execution = director.release()
        # Those before it have the new version, which was good there.
        kept = director.environments[director.environments.index(where(director)) :]
        same = all(director.version(environment) == before[environment] for environment in kept)
        worst, seconds = director.worst_case_minutes(kept[0]), director.decided(execution)
        in_time = worst is None or seconds <= worst * 60
        good = execution.status == "Failed" and execution.stage == stage and same and in_time
        answers = f"{', '.join(kept)} {'as before' if same else 'NOT as before'}"
        return Verdict(f"{ended(execution)}; {answers}", good, (), seconds, worst)

    return play


def interrupted(director: Director) -> Verdict:
    """An execution is stopped in the middle of the last stage; releasing the same commit again finishes it."""
    before = director.version(director.last)
    commit = director.commit()
    execution = director.start()
    after_switch = "Switch"
    seen = threading.Event()

    def stop(event: object) -> None:
        data = getattr(event, "data", {})
        if data.get("execution") == execution.id and data.get("action") == after_switch and not seen.is_set():
            seen.set()
            execution.stopped.set()

    director.events.listen(stop)
    director.follow(execution)
    half = execution.status
    again = director.pipeline.run(director.world.pipeline)
    good = half == "Stopped" and again.status == "Succeeded" and director.version(director.last) == commit != before
    return Verdict(f"{half} in {execution.stage} at {after_switch}; released again: {ended(again)}", good)


def at_once(director: Director) -> Verdict:
    """Two pushes in a row: the newer version is what customers have in the end, whatever becomes of the older."""
    director.commit()
    older = director.start()
    thread = threading.Thread(target=director.follow, args=(older,), daemon=True)
    thread.start()
    commit = director.commit()
    newer = director.follow(director.start())
    thread.join()
    good = newer.status == "Succeeded" and older.status in ("Succeeded", "Superseded")
    good = good and director.version(director.last) == commit
    return Verdict(f"older: {ended(older)}; newer: {ended(newer)}; customers have the newer", good)


def ended(execution: Execution) -> str:
    """How an execution ended, for people."""
    if execution.status == "Succeeded":
        return "succeeded"
    back = f", rolled back {', '.join(execution.rolled_back)}" if execution.rolled_back else ""
    return f"{execution.status} in {execution.stage}{back} ({_brief(execution.reason)})"


def _brief(reason: str) -> str:
    """The last cause, which is the first thing that a person wants to know."""
    cause = reason.split(": ", 2)[-1] if reason.count(": ") > 2 else reason
    return cause if len(cause) <= 200 else f"{cause[:197]}..."


def first_environment(director: Director) -> str:
    """Where releases go first."""
    return director.environments[0]


def with_load_test(director: Director) -> str:
    """Where the load test is."""
    return director.environment_with("Load")


def with_switch(director: Director) -> str:
    """Where names lead to one of two clusters."""
    return director.environment_with("Switch")


def play(events: Events, scenario: Scenario[Where], where: Where) -> Verdict | None:
    """Play a scenario; one that breaks has not passed. None where the platform has no place for it."""
    events.add("scenario", scenario.title, scenario=scenario.name, state="InProgress")
    try:
        verdict = scenario.play(where)
    except NotRehearsedError as error:
        events.not_rehearsed(f"scenario '{scenario.title}'", str(error))
        events.add("scenario", f"{scenario.title}: not rehearsed", scenario=scenario.name, state="Skipped")
        return None
    except RehearsalError as error:
        verdict = Verdict(f"broke off: {error}", passed=False)
    state = "Passed" if verdict.passed else "NotPassed"
    events.add("scenario", f"{scenario.title}: {verdict.outcome}", scenario=scenario.name, state=state)
    return verdict


_ALL = (
    Scenario("first", "First release", "every environment answers with the commit", first),
    Scenario("switch", "Release by cluster switch", "customers get the commit from the other cluster", switch),
    Scenario("crash", "Image that crashes", "stopped in the first environment", contained("crash", first_environment)),
    Scenario("smoke", "Failing smoke test", "stopped in the first environment", contained("smoke", first_environment)),
    Scenario(
        "wrong-version", "Wrong version", "stopped by the smoke test", contained("wrong-version", first_environment)
    ),
    Scenario("load", "Too slow under load", "stopped by the load test", contained("slow-answers", with_load_test)),
    Scenario("flip-back", "Errors after the switch", "switched back", contained("public-name", with_switch)),
    Scenario("interrupted", "Interrupted and run again", "the second run finishes the release", interrupted),
    Scenario("at-once", "Two releases at once", "customers have the newer one", at_once),
)
SCENARIOS: Mapping[str, Scenario[Director]] = {scenario.name: scenario for scenario in _ALL}
DRY = ("first", "switch", "crash", "flip-back")
