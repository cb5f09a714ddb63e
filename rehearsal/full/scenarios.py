"""Scenarios with customers: what releases, faults and lost parts do to the requests that come in meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from rehearsal import scenarios as plain
from rehearsal.director import Director
from rehearsal.events import Event
from rehearsal.full.measuring import (
    HEALTH,
    RECOVERY,
    SESSION,
    forgotten,
    last_failure,
    last_of_old,
    live_tasks,
    minimum,
    quiet_for,
    rows,
    until,
)
from rehearsal.full.stage import Stage
from rehearsal.scenarios import Scenario, Verdict

Play = Callable[[Stage], Verdict]


def rolling_and_switch(stage: Stage) -> Verdict:
    """A release replaces tasks in staging and switches clusters in production, and nobody notices."""
    director = stage.director
    before = director.live_colour
    plain.with_switch(director)
    with stage.load(director.before_last) as rolling, stage.load(director.last) as switching:
        commit = director.commit()
        execution = director.release()
        stage.keep(SESSION)
    lost = rolling.measured().failed + switching.measured().failed
    table = [*rows("rolling", rolling), *rows("switch", switching)]
    good = execution.status == "Succeeded" and lost == 0 and before != director.live_colour
    if execution.status == "Succeeded":
        late = last_of_old(stage, switching, execution.id, commit)
        limit = forgotten(stage)
        table.append(("last answer of the old cluster after the switch", f"{late:.1f}", f"s, at most {limit:.0f}"))
        good = good and late <= limit
    return Verdict(f"{plain.ended(execution)}; {lost} requests failed", good, tuple(table))


def contained(fault: str, where: Callable[[Director], str]) -> Play:
    """A version with a fault is stopped in an environment, and customers there see nothing of it."""

    def play(stage: Stage) -> Verdict:
        with stage.load(where(stage.director)) as load:
            verdict = plain.contained(fault, where)(stage.director)
        lost = load.measured().failed
        return replace(
            verdict,
            outcome=f"{verdict.outcome}; {lost} requests failed",
            passed=verdict.passed and lost == 0,
            measured=tuple(rows(load.environment, load)),
        )

    return play


def slow_start(stage: Stage) -> Verdict:
    """A version that takes seconds to listen is released without a lost request."""
    director = stage.director
    with stage.load(director.before_last) as load:
        commit = director.commit("slow-start")
        execution = director.release()
    lost = load.measured().failed
    good = execution.status == "Succeeded" and lost == 0 and director.version(director.last) == commit
    return Verdict(f"{plain.ended(execution)}; {lost} requests failed", good, tuple(rows(load.environment, load)))


def flip_back(stage: Stage) -> Verdict:
    """Customers get errors after the switch; verification switches back, and errors end."""
    director = stage.director
    with stage.load(director.last) as load:
        verdict = plain.contained("public-name", plain.with_switch)(director)
        back = time.time()
        stage.keep(forgotten(stage) + 5)
    whole, after = load.measured(), load.measured(back + forgotten(stage))
    table = (*rows("all", load), ("requests failed once names were forgotten again", str(after.failed), ""))
    good = verdict.passed and whole.failed > 0 and after.failed == 0 and after.requests > 0
    outcome = f"{verdict.outcome}; {whole.failed} requests failed until customers were back, {after.failed} after that"
    return replace(verdict, outcome=outcome, passed=good, measured=table)


def task_killed(stage: Stage) -> Verdict:
    """One of the live tasks dies: it is replaced, and requests fail for seconds at most."""
    director = stage.director
    cluster = stage.cluster(director.live_colour)
    with stage.load(director.last) as load:
        stage.keep(3)
        victim = live_tasks(stage, cluster)[0]
        at = stage.mark(f"a task of {cluster} is killed", "task killed")
        stage.parts.scheduler.kill_task(victim)
        replaced = until(lambda: victim not in (now := live_tasks(stage, cluster)) and len(now) >= minimum(stage))
        stage.keep(5)
    last = last_failure(load, at)
    table = (
        *rows("all", load),
        ("new task ready", f"{replaced:.1f}", "s"),
        ("last failed request", f"{last:.1f}", "s"),
    )
    good = last < HEALTH and load.measured().failed < load.measured().requests / 10
    return Verdict(f"replaced after {replaced:.0f} s; {load.measured().failed} requests failed", good, table)


def cluster_dead(stage: Stage) -> Verdict:
    """All tasks of the live cluster die: Route 53 leads customers to the other one, until the live one is back."""
    director = stage.director
    cluster = stage.cluster(director.live_colour)
    # Addresses of tasks that are gone don't answer: who waits for more than three seconds has failed.
    with stage.load(director.last, users=60, patience=3.0) as load:
        stage.keep(3)
        at = stage.mark(f"all tasks of {cluster} are killed", "cluster dead")
        stage.parts.scheduler.kill_cluster(cluster)
        try:
            until(lambda: load.measured(at).failed > 0)
            recovered = until(lambda: quiet_for(load, 5.0))
            outage = last_failure(load, at)
        finally:
            stage.mark(f"{cluster} is back", "cluster back")
            stage.parts.scheduler.revive(cluster)
        until(lambda: len(live_tasks(stage, cluster)) >= minimum(stage))
        stage.keep(forgotten(stage))
    limit = 4 * 10 + forgotten(stage)  # three checks at ten seconds, then names are forgotten
    table = (*rows("all", load), ("until customers were served", f"{outage:.1f}", f"s, at most {limit:.0f}"))
    good = recovered < RECOVERY and 0 < outage <= limit
    lost = load.measured().failed
    return Verdict(f"served by the other cluster after {outage:.0f} s; {lost} requests failed until then", good, table)


def old_cluster_removed(stage: Stage) -> Verdict:
    """Control: the old cluster goes at the moment of the switch, so customers who still have its address fail."""
    director = stage.director
    old = stage.cluster(director.live_colour)
    gone = threading.Event()

    def remove(event: Event) -> None:
        if (event.data.get("action"), event.data.get("state")) == ("Switch", "Succeeded") and not gone.is_set():
            gone.set()
            stage.mark(f"control: all tasks of {old} are killed at the switch", "old cluster removed")
            stage.parts.scheduler.kill_cluster(old)

    director.events.listen(remove)
    # Settle waits for both sides: the old one comes back once its loss was seen.
    reviver = threading.Thread(target=_revive_later, args=(stage, old, gone), daemon=True)
    # Many customers who soon lose patience: addresses of tasks that are gone don't answer, so each waits.
    with stage.load(director.last, users=60, patience=3.0) as load:
        director.commit()
        reviver.start()
        execution = director.release()
        stage.keep(5)
    gone.set()
    reviver.join()
    whole = load.measured()
    table = rows("all", load)
    if execution.status == "Succeeded":
        at = stage.moment(execution.id, "Switch", "Succeeded")
        near = load.measured(at, at + forgotten(stage) - SESSION - HEALTH)
        share = 100 * near.failed / max(1, near.requests)
        table.append(("failed until names were forgotten", f"{share:.0f}", f"% of {near.requests}"))
    outcome = f"{plain.ended(execution)}; {whole.failed} of {whole.requests} requests failed, as they have to"
    return Verdict(outcome, whole.failed > 0, tuple(table), failures_expected=True)


def no_health_check(stage: Stage) -> Verdict:
    """Control: tasks count as ready and get requests as soon as they run, and a slow starter loses requests."""
    director, parts = stage.director, stage.parts
    parts.balancers.gate = False
    parts.scheduler.count_healthy_at_once(True)
    try:
        with stage.load(director.environments[0]) as load:
            stage.mark("control: nobody waits for health checks", "no health checks")
            director.commit("slow-start")
            execution = director.release()
    finally:
        parts.balancers.gate = True
        parts.scheduler.count_healthy_at_once(False)
    lost = load.measured().failed
    outcome = f"{plain.ended(execution)}; {lost} of {load.measured().requests} requests failed, as they have to"
    return Verdict(outcome, lost > 0, tuple(rows("all", load)), failures_expected=True)


def releases(count: int) -> Play:
    """Many releases one after the other under load, and no lost request."""

    def play(stage: Stage) -> Verdict:
        director, good = stage.director, 0
        with stage.load(director.last) as load:
            for _ in range(count):
                commit = director.commit()
                good += director.release().status == "Succeeded" and director.version(director.last) == commit
            stage.keep(SESSION)
        lost = load.measured().failed
        return Verdict(
            f"{good} of {count} releases; {lost} requests failed",
            good == count and lost == 0,
            tuple(rows("all", load)),
        )

    return play


def quiet(play: Callable[..., Verdict]) -> Play:
    """A scenario that needs no customers of its own, played while those of the last environment are there."""

    def with_customers(stage: Stage) -> Verdict:
        with stage.load(stage.director.last) as load:
            verdict = play(stage.director)
            stage.keep(5)
        lost = load.measured().failed
        return replace(
            verdict,
            outcome=f"{verdict.outcome}; {lost} requests failed",
            passed=verdict.passed and lost == 0,
            measured=tuple(rows("all", load)),
        )

    return with_customers


def _revive_later(stage: Stage, cluster: str, gone: threading.Event) -> None:
    gone.wait()
    time.sleep(SESSION)
    stage.parts.scheduler.revive(cluster)


_ALL: tuple[Scenario[Stage], ...] = (
    Scenario("first", "First release", "every environment answers", lambda stage: plain.first(stage.director)),
    Scenario("release", "Rolling release and cluster switch", "no request fails", rolling_and_switch),
    Scenario(
        "crash",
        "Image that crashes",
        "stopped in the first environment, nobody notices",
        contained("crash", plain.first_environment),
    ),
    Scenario("slow-start", "Slow starter", "released, no request fails", slow_start),
    Scenario(
        "smoke",
        "Failing smoke test",
        "stopped before customers",
        quiet(plain.contained("smoke", plain.first_environment)),
    ),
    Scenario(
        "wrong-version",
        "Wrong version",
        "stopped before customers",
        quiet(plain.contained("wrong-version", plain.first_environment)),
    ),
    Scenario(
        "load",
        "Too slow under load",
        "stopped before customers",
        quiet(plain.contained("slow-answers", plain.with_load_test)),
    ),
    Scenario("task-killed", "Task killed", "replaced, few requests fail", task_killed),
    Scenario("cluster-dead", "Live cluster dead", "Route 53 leads to the other cluster", cluster_dead),
    # After it the idle side has a version with errors, to which Route 53 would lead customers of a dead cluster.
    Scenario("flip-back", "Errors after the switch", "switched back, then no request fails", flip_back),
    Scenario("at-once", "Two releases at once", "customers have the newer one, no request fails", quiet(plain.at_once)),
    Scenario("interrupted", "Interrupted and run again", "finished, no request fails", quiet(plain.interrupted)),
    Scenario("control-old-cluster", "Control: old cluster removed at once", "requests fail", old_cluster_removed),
    Scenario("control-no-health", "Control: nobody waits for health checks", "requests fail", no_health_check),
    Scenario("twenty", "Twenty releases", "no request fails", releases(20)),
)
SCENARIOS: Mapping[str, Scenario[Stage]] = {scenario.name: scenario for scenario in _ALL}
SHORT = ("first", "release", "crash", "control-old-cluster")
LONG = tuple(SCENARIOS)
