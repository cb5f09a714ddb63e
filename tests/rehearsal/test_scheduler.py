"""Rolling updates, executed: the emulator holds the service, the scheduler runs its tasks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator import Emulator
from rehearsal.events import NotRehearsedError, RehearsalError
from rehearsal.runtime import DeploymentFailedError
from tests.rehearsal.scheduled import CLUSTER, SERVICE, Image, Site, until
from tests.rehearsal.scheduled import site as started

NEVER = 1e9


@pytest.fixture
def site(emulator: Emulator) -> Iterator[Site]:
    with started(emulator) as made:
        yield made
        made.scheduler.check()


def test_a_service_starts_its_tasks_and_registers_them(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    tasks = site.scheduler.tasks(CLUSTER, SERVICE)
    assert [(task.state, task.healthy, task.version) for task in tasks] == [("RUNNING", True, "commit-v1")] * 2
    assert site.targets() == {task.address for task in tasks}
    found = site.scheduler.deployment(CLUSTER, SERVICE)
    assert (found.task_definition, found.status, found.failed_tasks) == (first, "COMPLETED", 0)
    states = [event.data["state"] for event in site.said("task", task=tasks[0].id)]
    assert list(dict.fromkeys(states)) == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]


def test_a_release_keeps_as_many_healthy_tasks_as_desired(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    healthy: set[str] = set()
    fewest = [2]
    most = [2]
    alive = {task.id for task in site.scheduler.tasks(CLUSTER, SERVICE)}
    healthy |= alive

    def count(data: dict[str, object]) -> None:
        going = data["state"] in ("DEACTIVATING", "STOPPING", "STOPPED")
        (alive.discard if going else alive.add)(str(data["task"]))
        (healthy.add if data["healthy"] else healthy.discard)(str(data["task"]))
        fewest.append(len(healthy))
        most.append(len(alive))

    site.events.listen(lambda event: count(event.data) if event.kind == "task" else None)
    second = site.define("v2")
    site.update(taskDefinition=second)
    site.steady(second)
    assert (min(fewest), max(most)) == (2, 4)
    assert site.targets() == set(site.running(second)) == set(site.running())


def test_an_image_that_exits_trips_the_breaker_and_the_old_tasks_never_stop(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    before = site.running()
    site.engine.images["v2"] = Image(exits=1)
    second = site.define("v2")
    site.update(taskDefinition=second)
    with pytest.raises(DeploymentFailedError, match=r"2 tasks failed.*exit code 1.*rolling back to orders:1"):
        site.steady(second)
    site.steady(first)
    assert site.running() == before
    assert not [line for line in site.engine.log if line[0] == "SIGTERM"]
    found = site.scheduler.deployment(CLUSTER, SERVICE)
    assert (found.status, found.failed_tasks, found.rolled_back_to) == ("FAILED", 2, first)
    [described] = site.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    assert described["taskDefinition"] == first
    # Another attempt is another deployment.
    site.engine.images["v2"] = Image()
    site.update(taskDefinition=second)
    site.steady(second)


def test_without_an_earlier_deployment_a_failed_one_stays_failed(site: Site) -> None:
    site.engine.images["v1"] = Image(pulls=False)
    first = site.define("v1")
    site.create(first)
    with pytest.raises(DeploymentFailedError, match="CannotPullContainerError: v1: not found"):
        site.steady(first)
    assert site.scheduler.deployment(CLUSTER, SERVICE).rolled_back_to is None
    until(lambda: not site.running())
    assert site.targets() == set()


def test_a_slow_start_within_the_grace_period_completes(site: Site) -> None:
    site.engine.images["v1"] = Image(ready_after=20, starting="unhealthy")
    first = site.define("v1")
    site.create(first, healthCheckGracePeriodSeconds=150)
    site.steady(first)
    assert site.scheduler.deployment(CLUSTER, SERVICE).failed_tasks == 0


def test_a_target_that_stays_unhealthy_fails_after_the_grace_period(site: Site) -> None:
    site.engine.images["v1"] = Image(answers="unhealthy")
    first = site.define("v1")
    site.create(first, healthCheckGracePeriodSeconds=10)
    with pytest.raises(DeploymentFailedError, match="failed ELB health checks"):
        site.steady(first)
    running, stopped = (site.said("task", state=state)[0].at for state in ("RUNNING", "DEACTIVATING"))
    assert stopped - running > 10


def test_the_container_health_check_counts_as_well(site: Site) -> None:
    check = {"command": ["CMD", "check", "me"], "interval": 5, "retries": 2}
    site.engine.images["v2"] = Image(check_passes=False)
    first, second = (site.define(image, healthCheck=check) for image in ("v1", "v2"))
    site.create(first)
    site.steady(first)
    assert ("execute", site.running()[0], ("check", "me")) in site.engine.log
    site.update(taskDefinition=second)
    with pytest.raises(DeploymentFailedError, match="failed container health checks"):
        site.steady(second)


def test_a_task_that_was_killed_is_replaced(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    victim, other = site.scheduler.tasks(CLUSTER, SERVICE)
    site.scheduler.kill_task(victim.id)
    until(lambda: victim.address not in site.targets())
    site.steady(first)
    assert other.address in site.running()
    assert victim.address not in site.running()
    assert site.scheduler.deployment(CLUSTER, SERVICE).status == "COMPLETED"
    with pytest.raises(RehearsalError, match="no task"):
        site.scheduler.kill_task(victim.id)


def test_an_old_task_that_dies_during_a_release_is_replaced_by_an_old_one(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    site.engine.images["v2"] = Image(ready_after=NEVER)
    second = site.define("v2")
    site.update(taskDefinition=second)
    until(lambda: len(site.running(second)) == 2)
    site.scheduler.kill_task(site.scheduler.tasks(CLUSTER, SERVICE)[0].id)
    until(lambda: sum(task.healthy for task in site.scheduler.tasks(CLUSTER, SERVICE)) < 2)
    until(lambda: sum(task.healthy for task in site.scheduler.tasks(CLUSTER, SERVICE)) == 2)
    assert len(site.running(first)) == len(site.running(second)) == 2
    for address in site.running(second):
        site.engine.containers[address].image = Image()
    site.steady(second)


def test_a_dead_cluster_stays_dead_until_it_is_revived(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    site.scheduler.kill_cluster(CLUSTER)
    until(lambda: not site.running() and not site.targets())
    with pytest.raises(RehearsalError, match="is not steady"):
        site.steady(first, limit=10)
    site.scheduler.revive(CLUSTER)
    site.steady(first)
    assert site.scheduler.deployment(CLUSTER, SERVICE).failed_tasks == 0


def test_the_desired_count_is_followed_without_a_deployment(site: Site) -> None:
    first = site.define("v1")
    site.create(first, desired=0)
    site.steady(first)
    for count in (3, 1, 0):
        site.update(desiredCount=count)
        site.steady()
        assert len(site.running()) == len(site.targets()) == count
    assert len(site.scheduler.deployments(CLUSTER, SERVICE)) == 1


def test_a_forced_deployment_replaces_the_tasks(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    before = set(site.running())
    site.update(forceNewDeployment=True)
    site.steady(first)
    assert not before & set(site.running())


def test_a_deleted_service_leaves_nothing(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    site.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    until(lambda: not site.targets())
    until(lambda: all(container.removed for container in site.engine.containers.values()))
    with pytest.raises(RehearsalError, match="no service orders"):
        site.steady()


def test_a_service_that_cannot_be_executed_is_left_alone(site: Site) -> None:
    first = site.define("v1")
    site.create(first, deploymentController={"type": "CODE_DEPLOY"})
    with pytest.raises(NotRehearsedError, match="CODE_DEPLOY"):
        site.steady(first)
    assert list(site.events.missing) == [f"service {SERVICE} on {CLUSTER}"]
    assert not site.engine.containers


def test_an_api_that_does_not_answer_changes_nothing(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    site.flaky.failing = True
    until(lambda: site.flaky.failed > 3)
    site.flaky.failing = False
    second = site.define("v2")
    site.update(taskDefinition=second)
    site.steady(second)
    assert len(site.engine.containers) == 4


@pytest.mark.parametrize(("reset", "status"), [(True, "COMPLETED"), (False, "FAILED")])
def test_a_healthy_task_sets_the_count_back_unless_told_otherwise(site: Site, reset: bool, status: str) -> None:
    site.create(site.define("v1"))
    site.steady()
    second = site.define("v2")
    site.engine.images["v2"] = Image(ready_after=NEVER)
    breaker = {"enable": True, "rollback": True, "thresholdConfiguration": {"type": "COUNT", "value": 2}}
    configuration = {"deploymentCircuitBreaker": {**breaker, "resetOnHealthyTask": reset}}
    site.update(taskDefinition=second, deploymentConfiguration=configuration)
    until(lambda: len(_started(site, second)) == 2)
    victim, other = _started(site, second)
    site.scheduler.kill_task(victim)
    until(lambda: site.scheduler.deployment(CLUSTER, SERVICE).failed_tasks == 1)
    _make_ready(site, other)
    until(lambda: len(_started(site, second)) == 2 and _healthy(site, second) == 1)
    site.scheduler.kill_task(_started(site, second)[-1])
    site.engine.images["v2"] = Image()
    until(lambda: site.scheduler.deployment(CLUSTER, SERVICE).status == status)
    site.steady()


def test_what_nobody_expected_surfaces(emulator: Emulator) -> None:
    with started(emulator) as site:
        site.engine.broken = True
        site.create(site.define("v1"))
        with pytest.raises(RehearsalError, match="ZeroDivisionError: engine bug"):
            site.steady()
        with pytest.raises(RehearsalError, match="engine bug"):
            site.scheduler.check()


def test_a_load_balancer_that_broke_is_no_failure_of_a_task(emulator: Emulator) -> None:
    with started(emulator) as site:
        site.create(site.define("v1"))
        site.steady()
        site.balancer.broken = True
        with pytest.raises(RehearsalError, match="the load balancer stopped"):
            site.steady(site.define("v2"))
        assert site.scheduler.deployment(CLUSTER, SERVICE).failed_tasks == 0
        site.balancer.broken = False


def test_without_waiting_for_health_old_tasks_go_before_new_ones_answer(emulator: Emulator) -> None:
    with started(emulator, wait_for_health=False) as site:
        site.engine.images["v2"] = Image(ready_after=NEVER)
        first, second = site.define("v1"), site.define("v2")
        site.create(first)
        site.steady(first)
        site.update(taskDefinition=second)
        site.steady(second)
        health = site.balancer.health(site.group)
        assert {health[target] for target in health} == {"initial"}


def _started(site: Site, task_definition: str) -> list[str]:
    tasks = site.scheduler.tasks(CLUSTER, SERVICE)
    return [task.id for task in tasks if task.task_definition == task_definition and task.state == "RUNNING"]


def _healthy(site: Site, task_definition: str) -> int:
    tasks = site.scheduler.tasks(CLUSTER, SERVICE)
    return sum(task.healthy for task in tasks if task.task_definition == task_definition)


def _make_ready(site: Site, task_id: str) -> None:
    [address] = [task.address for task in site.scheduler.tasks(CLUSTER, SERVICE) if task.id == task_id]
    site.engine.containers[address].image = Image()
