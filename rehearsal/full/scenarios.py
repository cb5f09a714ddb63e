"""Scenarios with customers: what releases, faults and lost parts do to the requests that come in meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from rehearsal import scenarios as plain
from rehearsal.events import Event, RehearsalError
from rehearsal.full.stage import Load, Stage
from rehearsal.full.traffic_requests import Measured
from rehearsal.scenarios import Row, Scenario, Verdict

Play = Callable[[Stage], Verdict]

_SESSION = 15.0  # seconds after which no customer of the load generator keeps a connection that it began before
_HEALTH = 15.0  # seconds that health checks may add, by the values of the rehearsal
_RECOVERY = 120.0  # seconds until a service has to answer again after a loss


def rolling_and_switch(stage: Stage) -> Verdict:
    """A release replaces tasks in staging and switches clusters in production, and nobody notices."""
    director = stage.director
    before = director.live_colour
    with stage.load(director.environments[-2]) as rolling, stage.load(director.last) as switching:
        commit = director.commit()
        execution = director.release()
        stage.keep(_SESSION)
    lost = rolling.measured().failed + switching.measured().failed
    rows = [*_rows("rolling", rolling), *_rows("switch", switching)]
    good = execution.status == "Succeeded" and lost == 0 and before != director.live_colour
    if execution.status == "Succeeded":
        late = _last_of_old(stage, switching, execution.id, commit)
        limit = _forgotten(stage)
        rows.append(("last answer of the old cluster after the switch", f"{late:.1f}", f"s, at most {limit:.0f}"))
        good = good and late <= limit
    return Verdict(f"{plain.ended(execution)}; {lost} requests failed", good, tuple(rows))


def contained(fault: str, at: str, environment: Callable[[Stage], str]) -> Play:
    """A version with a fault is stopped, and customers of the environment see nothing of it."""

    def play(stage: Stage) -> Verdict:
        with stage.load(environment(stage)) as load:
            verdict = plain.contained(fault, at)(stage.director)
        lost = load.measured().failed
        return replace(
            verdict,
            outcome=f"{verdict.outcome}; {lost} requests failed",
            passed=verdict.passed and lost == 0,
            measured=tuple(_rows(load.environment, load)),
        )

    return play


def slow_start(stage: Stage) -> Verdict:
    """A version that takes seconds to listen is released without a lost request."""
    director = stage.director
    with stage.load(director.environments[-2]) as load:
        commit = director.commit("slow-start")
        execution = director.release()
    lost = load.measured().failed
    good = execution.status == "Succeeded" and lost == 0 and director.version(director.last) == commit
    return Verdict(f"{plain.ended(execution)}; {lost} requests failed", good, tuple(_rows(load.environment, load)))


def flip_back(stage: Stage) -> Verdict:
    """Customers get errors after the switch; verification switches back, and errors end."""
    director = stage.director
    with stage.load(director.last) as load:
        verdict = plain.contained("public-name", "DeployProduction")(director)
        back = time.time()
        stage.keep(_forgotten(stage) + 5)
    whole, after = load.measured(), load.measured(back + _forgotten(stage))
    rows = (*_rows("all", load), ("requests failed once names were forgotten again", str(after.failed), ""))
    good = verdict.passed and whole.failed > 0 and after.failed == 0 and after.requests > 0
    outcome = f"{verdict.outcome}; {whole.failed} requests failed until customers were back, {after.failed} after that"
    return replace(verdict, outcome=outcome, passed=good, measured=rows)


def task_killed(stage: Stage) -> Verdict:
    """One of the live tasks dies: it is replaced, and requests fail for seconds at most."""
    director = stage.director
    cluster = stage.cluster(director.live_colour)
    with stage.load(director.last) as load:
        stage.keep(3)
        victim = _live_tasks(stage, cluster)[0]
        at = stage.mark(f"a task of {cluster} is killed", "task killed")
        stage.parts.scheduler.kill_task(victim)
        replaced = _until(lambda: victim not in (now := _live_tasks(stage, cluster)) and len(now) >= _minimum(stage))
        stage.keep(5)
    last = _last_failure(load, at)
    rows = (
        *_rows("all", load),
        ("new task ready", f"{replaced:.1f}", "s"),
        ("last failed request", f"{last:.1f}", "s"),
    )
    good = last < _HEALTH and load.measured().failed < load.measured().requests / 10
    return Verdict(f"replaced after {replaced:.0f} s; {load.measured().failed} requests failed", good, rows)


def cluster_dead(stage: Stage) -> Verdict:
    """All tasks of the live cluster die: Route 53 leads customers to the other one, until the live one is back."""
    director = stage.director
    cluster = stage.cluster(director.live_colour)
    with stage.load(director.last) as load:
        stage.keep(3)
        at = stage.mark(f"all tasks of {cluster} are killed", "cluster dead")
        stage.parts.scheduler.kill_cluster(cluster)
        quiet = _until(lambda: _quiet(load, 5.0))
        outage = _last_failure(load, at)
        stage.mark(f"{cluster} is back", "cluster back")
        stage.parts.scheduler.revive(cluster)
        _until(lambda: len(_live_tasks(stage, cluster)) >= _minimum(stage))
        stage.keep(_forgotten(stage))
    limit = 3 * 10 + _forgotten(stage)  # three checks at ten seconds, then names are forgotten
    rows = (*_rows("all", load), ("until customers were served", f"{outage:.1f}", f"s, at most {limit:.0f}"))
    good = quiet < _RECOVERY and outage <= limit
    return Verdict(f"served by the other cluster after {outage:.0f} s", good, rows)


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
    with stage.load(director.last) as load:
        director.commit()
        reviver.start()
        execution = director.release()
        stage.keep(5)
    gone.set()
    reviver.join()
    lost, all_of_them = load.measured().failed, load.measured().requests
    share = 100 * lost / max(1, all_of_them)
    return Verdict(
        f"{plain.ended(execution)}; {lost} of {all_of_them} requests failed ({share:.1f} %), as they have to",
        lost > 0,
        tuple(_rows("all", load)),
        failures_expected=True,
    )


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
    return Verdict(outcome, lost > 0, tuple(_rows("all", load)), failures_expected=True)


def releases(count: int) -> Play:
    """Many releases one after the other under load, and no lost request."""

    def play(stage: Stage) -> Verdict:
        director, good = stage.director, 0
        with stage.load(director.last) as load:
            for _ in range(count):
                commit = director.commit()
                good += director.release().status == "Succeeded" and director.version(director.last) == commit
            stage.keep(_SESSION)
        lost = load.measured().failed
        return Verdict(
            f"{good} of {count} releases; {lost} requests failed",
            good == count and lost == 0,
            tuple(_rows("all", load)),
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
            measured=tuple(_rows("all", load)),
        )

    return with_customers


def _revive_later(stage: Stage, cluster: str, gone: threading.Event) -> None:
    gone.wait()
    time.sleep(_SESSION)
    stage.parts.scheduler.revive(cluster)


def _rows(name: str, load: Load) -> list[Row]:
    found: Measured = load.measured()
    return [
        (f"requests, {name}", str(found.requests), ""),
        (f"failed, {name}", str(found.failed), ""),
        (f"95 % within, {name}", f"{found.latency.p95:.0f}", "ms"),
    ]


def _forgotten(stage: Stage) -> float:
    """Seconds after a change of records until no customer comes by the old answer."""
    cap = stage.director.waits.resolver
    return (60.0 if cap is None else float(cap)) + _SESSION + _HEALTH


def _last_of_old(stage: Stage, load: Load, execution: str, commit: str) -> float:
    """Seconds from the switch until the last answer of another version."""
    at = stage.moment(execution, "Switch", "Succeeded")
    found = load.measured().by_version
    return max([share.last - at for version, share in found.items() if version not in ("", commit)], default=0.0)


def _last_failure(load: Load, since: float) -> float:
    """Seconds from a moment until the last second with a failed request; 0 without one."""
    load.traffic.requests.update()
    bad = [second.at for second in load.traffic.requests.seconds(since) if second.failed]
    return max(0.0, max(bad, default=since) + 1 - since) if bad else 0.0


def _quiet(load: Load, seconds: float) -> bool:
    """Whether requests came in the last seconds, and none failed."""
    now = load.measured(time.time() - seconds)
    return now.requests > 0 and now.failed == 0


def _live_tasks(stage: Stage, cluster: str) -> list[str]:
    service = str(stage.director.world.describe(stage.director.last)["ServiceName"])
    name = service.rsplit("/", 1)[-1]
    return [task.id for task in stage.parts.scheduler.tasks(cluster, name) if task.healthy and task.state == "RUNNING"]


def _minimum(stage: Stage) -> int:
    return int(stage.director.world.describe(stage.director.last)["MinTasks"])


def _until(done: Callable[[], bool]) -> float:
    """Seconds until something is so.

    Raises:
        RehearsalError: it does not get so.
    """
    start = time.monotonic()
    while not done():
        if time.monotonic() - start > _RECOVERY:
            raise RehearsalError(f"not within {_RECOVERY:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - start


def _first(stage: Stage) -> str:
    return stage.director.environments[0]


def _staging(stage: Stage) -> str:
    return stage.director.environments[-2]


_ALL: tuple[Scenario[Stage], ...] = (
    Scenario("first", "First release", "every environment answers", lambda stage: plain.first(stage.director)),
    Scenario("release", "Rolling release and cluster switch", "no request fails", rolling_and_switch),
    Scenario(
        "crash",
        "Image that crashes",
        "stopped in the first environment, nobody notices",
        contained("crash", "DeployTest", _first),
    ),
    Scenario("slow-start", "Slow starter", "released, no request fails", slow_start),
    Scenario("smoke", "Failing smoke test", "stopped before customers", quiet(plain.contained("smoke", "DeployTest"))),
    Scenario(
        "wrong-version",
        "Wrong version",
        "stopped before customers",
        quiet(plain.contained("wrong-version", "DeployTest")),
    ),
    Scenario(
        "load",
        "Too slow under load",
        "stopped before customers",
        quiet(plain.contained("slow-answers", "DeployStaging")),
    ),
    Scenario("flip-back", "Errors after the switch", "switched back, then no request fails", flip_back),
    Scenario("task-killed", "Task killed", "replaced, few requests fail", task_killed),
    Scenario("cluster-dead", "Live cluster dead", "Route 53 leads to the other cluster", cluster_dead),
    Scenario("at-once", "Two releases at once", "customers have the newer one, no request fails", quiet(plain.at_once)),
    Scenario("interrupted", "Interrupted and run again", "finished, no request fails", quiet(plain.interrupted)),
    Scenario("control-old-cluster", "Control: old cluster removed at once", "requests fail", old_cluster_removed),
    Scenario("control-no-health", "Control: nobody waits for health checks", "requests fail", no_health_check),
    Scenario("twenty", "Twenty releases", "no request fails", releases(20)),
)
SCENARIOS: Mapping[str, Scenario[Stage]] = {scenario.name: scenario for scenario in _ALL}
SHORT = ("first", "release", "crash", "control-old-cluster")
LONG = tuple(SCENARIOS)
