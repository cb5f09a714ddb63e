"""How a task starts and ends: secrets, ports, draining."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator import Emulator
from rehearsal.runtime import DeploymentFailedError
from tests.rehearsal.scheduled import CLUSTER, PORT, SERVICE, Site, until
from tests.rehearsal.scheduled import site as started

DELAY = "deregistration_delay.timeout_seconds"


@pytest.fixture
def site(emulator: Emulator) -> Iterator[Site]:
    with started(emulator) as made:
        yield made
        made.scheduler.check()


def test_secrets_come_from_both_stores(site: Site) -> None:
    site.clients.ssm.put_parameter(Name="/orders/token", Value="t0ken", Type="SecureString")
    text = '{"password": "pa55", "port": 5432}'
    arn = site.clients.secretsmanager.create_secret(Name="orders/db", SecretString=text)["ARN"]
    sources = {"TOKEN": "/orders/token", "WHOLE": arn, "PASSWORD": f"{arn}:password::", "DB_PORT": f"{arn}:port::"}
    wanted = [{"name": name, "valueFrom": source} for name, source in sources.items()]
    first = site.define("v1", secrets=wanted)
    site.create(first, desired=1)
    site.steady(first)
    [container] = site.engine.containers.values()
    assert container.environment == {"TOKEN": "t0ken", "WHOLE": text, "PASSWORD": "pa55", "DB_PORT": "5432"}


@pytest.mark.parametrize(
    "source",
    ["/not/there", "arn:aws:secretsmanager:eu-central-1:700000000000:secret:not-there", "SECRET:missing::"],
)
def test_a_task_whose_secret_is_missing_does_not_start(site: Site, source: str) -> None:
    arn = site.clients.secretsmanager.create_secret(Name="orders/db", SecretString="{}")["ARN"]
    first = site.define("v1", secrets=[{"name": "TOKEN", "valueFrom": source.replace("SECRET", arn)}])
    site.create(first)
    with pytest.raises(DeploymentFailedError, match="ResourceInitializationError"):
        site.steady(first)
    assert not site.engine.containers


def test_a_release_with_a_port_that_the_container_does_not_map_is_refused(site: Site) -> None:
    first = site.define("v1")
    site.create(first)
    site.steady(first)
    before = site.running()
    second = site.define("v2", portMappings=[{"containerPort": 9999}])
    site.update(taskDefinition=second)
    with pytest.raises(DeploymentFailedError, match=f"did not have a container port {PORT} defined"):
        site.steady(second)
    site.steady(first)
    assert site.running() == before
    assert [event.data["status"] for event in site.said("deployment", task_definition=second)][-1] == "FAILED"


def test_a_container_that_is_not_in_the_task_definition_is_refused(site: Site) -> None:
    first = site.define("v1", name="other")
    site.create(first)
    with pytest.raises(DeploymentFailedError, match="container orders does not exist"):
        site.steady(first)


def test_requests_in_flight_end_before_sigterm(site: Site) -> None:
    first = site.define("v1", stopTimeout=7)
    site.create(first, desired=1)
    site.steady(first)
    [address] = site.running()
    site.balancer.busy[address, PORT] = 3
    site.update(desiredCount=0)
    until(lambda: ("in flight", address, site.group) in site.engine.log)
    assert address not in site.targets()
    assert not _terminated(site)
    [task] = site.scheduler.tasks(CLUSTER, SERVICE)
    assert task.state == "DEACTIVATING"
    site.balancer.busy[address, PORT] = 0
    site.steady()
    assert _terminated(site) == [("SIGTERM", address, 7)]


def test_draining_ends_with_the_deregistration_delay(site: Site) -> None:
    site.clients.elbv2.modify_target_group_attributes(
        TargetGroupArn=site.group, Attributes=[{"Key": DELAY, "Value": "12"}]
    )
    first = site.define("v1")
    site.create(first, desired=1)
    site.steady(first)
    [address] = site.running()
    site.balancer.busy[address, PORT] = 1
    site.update(desiredCount=0)
    site.steady()
    left, terminated = (site.said("task", state=state)[0].at for state in ("DEACTIVATING", "STOPPING"))
    assert 12 <= terminated - left < 200  # the default is 300
    assert len(_terminated(site)) == 1


def test_a_stop_holds_up_nothing_else(site: Site) -> None:
    first = site.define("v1")
    site.create(first, desired=1)
    site.steady(first)
    [address] = site.running()
    site.balancer.busy[address, PORT] = 1
    second = site.define("v2")
    site.update(taskDefinition=second)
    until(lambda: any(task.state == "DEACTIVATING" for task in site.scheduler.tasks(CLUSTER, SERVICE)))
    [new] = site.running(second)
    site.scheduler.kill_task(next(t.id for t in site.scheduler.tasks(CLUSTER, SERVICE) if t.address == new))
    until(lambda: any(address not in (new,) for address in site.running(second)))
    del site.balancer.busy[address, PORT]
    site.steady(second)


def _terminated(site: Site) -> list[tuple[object, ...]]:
    return [line for line in site.engine.log if line[0] == "SIGTERM"]
