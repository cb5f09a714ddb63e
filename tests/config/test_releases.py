"""Which strategy holds where, what it is refused for on platforms unlike the shipped one, and numbers that add up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.config import release_values, releases, timing
from sendy_cfn.config.model import Platform
from sendy_cfn.config.releases import Variant
from sendy_cfn.config.words import Colour, Strategy
from sendy_cfn.errors import ConfigError
from sendy_cfn.knobs import OF_SERVICES, release
from sendy_cfn.strategies import STRATEGIES
from tests.platforms import ROOT, platform

HEAD = """
platform: demo
{domain}
toolchain: {{region: eu-west-1, source: {{repository: demo/platform}}}}
environments:
  test: {{region: eu-west-1{test}}}
  live: {{region: eu-west-1, clusters: [blue, green]{live}}}
services:
"""
SHOP = "shop: {kind: web, source: {repository: demo/shop}"


def read(*services: str, domain: str = "domain: demo.example", test: str = "", live: str = "") -> Platform:
    head = HEAD.format(domain=domain, test=test and f", {test}", live=live and f", {live}")
    return platform(head + "".join(f"  {service}\n" for service in services))


def refused(*services: str, **more: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(*services, **more)
    return str(caught.value)


def of(found: Platform, service: str, place: str) -> Variant:
    return releases.variant(found.services[service], found.environments[place])


def test_a_services_own_strategy_goes_before_the_environments() -> None:
    other = SHOP.replace("shop", "other") + ", strategies: {live: canary}}"
    found = read(f"{SHOP}}}", other, test="strategy: linear", live="strategy: blue-green")
    assert [of(found, "shop", place).strategy for place in ("test", "live")] == ["linear", "blue-green"]
    assert [of(found, "other", place).strategy for place in ("test", "live")] == ["linear", "canary"]


def test_releases_roll_where_nothing_is_said() -> None:
    assert of(read(f"{SHOP}}}"), "shop", "live") == Variant(Strategy.ROLLING)


def test_only_what_ecs_shifts_by_itself_pauses() -> None:
    pausing = set()
    for strategy in Strategy:
        other = SHOP.replace("shop", "other") + ", strategies: {live: canary}}"
        found = read(f"{SHOP}, strategies: {{live: {strategy}}}}}", other, live="pause: true")
        assert of(found, "other", "live").pause
        assert not of(found, "shop", "test").pause
        pausing |= {strategy} if of(found, "shop", "live").pause else set()
    assert pausing == {Strategy.BLUE_GREEN, Strategy.LINEAR, Strategy.CANARY}


def test_environments_of_one_variant_share_a_template_and_others_do_not() -> None:
    found = read(f"{SHOP}}}", test="strategy: canary", live="strategy: canary")
    shop, places = found.services["shop"], found.environments.values()
    assert [releases.service_file(shop, v) for v in releases.variants(shop, places)] == ["service-shop-canary.yaml"]
    files = {releases.service_file(shop, Variant(s, p)) for s in Strategy for p in (False, s in releases.NATIVE)}
    assert len(files) == len(Strategy) + len(releases.NATIVE)
    assert releases.service_file(shop, Variant()) == "service-shop.yaml"


def test_every_strategy_has_a_builder_and_a_worst_case() -> None:
    assert set(STRATEGIES) == set(Strategy)
    for module in STRATEGIES.values():
        assert (ROOT / f"sendy_cfn/strategies/{module}.py").is_file()
    numbers = {k.name: int(k.default) for k in OF_SERVICES if k.type == "Number" and k.default is not None}
    shop = read(f"{SHOP}}}").services["shop"]
    assert all(timing.worst_case(shop, Variant(strategy), numbers).minutes > 0 for strategy in Strategy)


def test_a_strategy_counts_as_used_wherever_one_service_has_it() -> None:
    found = read(f"{SHOP}, strategies: {{live: codedeploy}}}}")
    assert releases.used(found, [Strategy.CODEDEPLOY, Strategy.CANARY])
    assert releases.used(found, [Strategy.ROLLING])
    assert not releases.used(found, [Strategy.CANARY])


def test_sides_have_hosts_beside_the_services() -> None:
    found = read(f"{SHOP}, host: api}}", live="strategy: cluster-switch")
    shop, live = found.services["shop"], found.environments["live"]
    assert [releases.side_url(shop, live, colour) for colour in Colour] == [
        "https://api-blue.live.demo.example",
        "https://api-green.live.demo.example",
    ]


def test_a_switch_needs_a_domain(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    text = HEAD.format(domain="", test="", live=", strategy: cluster-switch") + f"  {SHOP}, paths: ['/*']}}\n"
    (tmp_path / "params/platform.yaml").write_text(text)
    command = [sys.executable, str(ROOT / "generate.py"), "--params", "params", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    line = next(number for number, part in enumerate(text.split("\n"), 1) if "strategy:" in part)
    assert done.stderr == (
        f"params/platform.yaml:{line}: environments.live.strategy: 'cluster-switch' needs the platform's 'domain': "
        "the switch is one of DNS records\n"
    )
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("strategy", [s for s in Strategy if s is not Strategy.CLUSTER_SWITCH])
def test_all_others_do_without_a_domain(strategy: Strategy) -> None:
    found = read(f"{SHOP}, paths: ['/*']}}", domain="", live=f"strategy: {strategy}")
    assert of(found, "shop", "live").strategy is strategy


def test_two_switched_services_on_one_host_are_both_named() -> None:
    one, other = (f"{SHOP.replace('shop', name)}, host: api, paths: [/{name}]}}" for name in ("one", "other"))
    text = refused(one, other, live="strategy: cluster-switch")
    assert "'api' is also that of other" in text
    assert "'api' is also that of one" in text


def test_a_shared_host_is_fine_where_no_dns_record_moves() -> None:
    one, other = (f"{SHOP.replace('shop', name)}, host: api, paths: [/{name}]}}" for name in ("one", "other"))
    read(one, other, live="strategy: blue-green")


@pytest.mark.parametrize("colour", Colour)
def test_a_host_that_is_a_sides_own_name_is_taken(colour: Colour) -> None:
    other = f"other: {{kind: web, source: {{repository: demo/x}}, host: shop-{colour}, strategies: {{live: rolling}}}}"
    text = refused(f"{SHOP}}}", other, live="strategy: cluster-switch")
    assert f"'shop-{colour}' is where its {colour} side answers, and the host of 'other'" in text
    read(f"{SHOP}}}", other, live="strategy: canary")


def test_names_that_would_give_one_template_are_told_apart_by_what_they_give() -> None:
    other = SHOP.replace("shop:", "shop-canary:")
    assert "service-shop-canary.yaml is also that of 'shop'" in refused(
        f"{SHOP}, strategies: {{live: canary}}}}", f"{other}}}"
    )
    read(f"{SHOP}, strategies: {{live: linear}}}}", f"{other}}}")


NUMBERS = {k.name: int(k.default) for k in OF_SERVICES if k.type == "Number" and k.default is not None}
NUMBERS |= {"ClientKeepAliveSeconds": 300, "MaxDecisionMinutes": 2160}


def complaints(variant: Variant, **numbers: int) -> list[str]:
    shop = read(f"{SHOP}}}").services["shop"]
    return [message for _, message in release_values.broken(shop, variant, NUMBERS | numbers)]


# What CloudFormation waits for besides the deployment's own time; 33 hours are 1980 minutes.
TOO_LONG: list[tuple[Variant, dict[str, int], dict[str, int]]] = [
    (Variant(Strategy.CANARY), {"BakeMinutes": 1440, "CanaryBakeMinutes": 540}, {"CanaryBakeMinutes": 541}),
    # 30, 60, 90, 100: three waits
    (Variant(Strategy.LINEAR), {"BakeMinutes": 480, "StepPercent": 30, "StepBakeMinutes": 500}, {"BakeMinutes": 481}),
    # 25, 50, 75, 100: three as well, none after the last
    (Variant(Strategy.LINEAR), {"BakeMinutes": 480, "StepPercent": 25, "StepBakeMinutes": 500}, {"BakeMinutes": 481}),
    (Variant(Strategy.LINEAR), {"BakeMinutes": 33, "StepPercent": 3, "StepBakeMinutes": 59}, {"BakeMinutes": 34}),
    (Variant(Strategy.BLUE_GREEN, pause=True), {"BakeMinutes": 1440, "PauseMinutes": 540}, {"PauseMinutes": 541}),
]


@pytest.mark.parametrize(("variant", "fits", "more"), TOO_LONG)
def test_nothing_takes_more_than_cloudformation_waits_for(
    variant: Variant, fits: dict[str, int], more: dict[str, int]
) -> None:
    assert complaints(variant, **fits) == []
    (message,) = complaints(variant, **fits | more)
    assert "is more than 1980 minutes" in message
    assert "33 hours" in message
    assert complaints(variant._replace(strategy=Strategy.CODEDEPLOY), **fits | more) == []  # CodeDeploy waits there


def test_a_switch_is_watched_until_nobody_is_on_the_other_side() -> None:
    switch = Variant(Strategy.CLUSTER_SWITCH)
    assert complaints(switch, BakeMinutes=6, ClientKeepAliveSeconds=300) == []  # 60 in DNS + 300
    assert "too early" in complaints(switch, BakeMinutes=5, ClientKeepAliveSeconds=300)[0]
    assert complaints(switch, BakeMinutes=5, ClientKeepAliveSeconds=240) == []
    assert release.RECORD_TTL == 60


@pytest.mark.parametrize("strategy", [*releases.NATIVE, Strategy.CODEDEPLOY])
def test_an_alarm_on_tasks_leaves_good_ones_time_to_start_and_old_ones_to_leave(strategy: Strategy) -> None:
    found = Variant(strategy)
    leaving = {"DeregistrationDelay": 270, "StopTimeout": 30}
    assert complaints(found, AlarmTaskMinutes=6, **leaving) == []  # 270 + 30, and a minute more
    (message,) = complaints(found, AlarmTaskMinutes=5, **leaving)
    assert "AlarmTaskMinutes 5 is too short" in message
    assert "300 s to leave" in message
    slow = {"HealthInterval": 60, "HealthyChecks": 5}  # 90 + 5 x 60
    assert "390 s to get ready" in complaints(found, AlarmTaskMinutes=7, **slow)[0]
    assert complaints(found, AlarmTaskMinutes=8, **slow) == []
    patient = {"GracePeriod": 270}  # 90 + 270, and a minute more; CodeDeploy's services have none to set
    short = complaints(found, AlarmTaskMinutes=6, **patient)
    assert [message.partition(", and")[0].rpartition(": ")[2] for message in short] == (
        [] if strategy is Strategy.CODEDEPLOY else ["tasks may take 360 s to get ready and 60 s to leave"]
    )
    assert complaints(found, AlarmTaskMinutes=7, **patient) == []


# Where the alarms are what stops a bad release, and in which times.
WATCHED: list[tuple[Strategy, str]] = [
    (Strategy.ROLLING, "WatchMinutes"),
    *((strategy, "WatchMinutes") for strategy in releases.TEST_TRAFFIC),
    *((strategy, "BakeMinutes") for strategy in releases.TEST_TRAFFIC),
    (Strategy.CLUSTER_SWITCH, "BakeMinutes"),
    (Strategy.CANARY, "CanaryBakeMinutes"),
    (Strategy.LINEAR, "StepBakeMinutes"),
]


@pytest.mark.parametrize(("strategy", "name"), WATCHED)
def test_an_alarm_can_go_off_in_every_time_in_which_it_is_watched(strategy: Strategy, name: str) -> None:
    """The limit has to be exceeded for AlarmMinutes, and the metrics come two minutes late."""
    long = dict.fromkeys(("WatchMinutes", "BakeMinutes", "CanaryBakeMinutes", "StepBakeMinutes"), 30)
    assert complaints(Variant(strategy), **long | {"AlarmMinutes": 10, name: 12}) == []
    (message,) = complaints(Variant(strategy), **long | {"AlarmMinutes": 10, name: 11})
    assert f"{name} 11 is less than an alarm needs (12: AlarmMinutes 10 and 2 for the metrics)" in message


@pytest.mark.parametrize("strategy", Strategy)
def test_times_that_a_strategy_does_not_have_are_not_looked_at(strategy: Strategy) -> None:
    others = {name for _, name in WATCHED} - {name for found, name in WATCHED if found is strategy}
    assert complaints(Variant(strategy), **dict.fromkeys(others, 0)) == []


def test_defaults_let_every_alarm_go_off() -> None:
    for strategy in Strategy:
        assert complaints(Variant(strategy)) == []


def test_numbers_without_a_use_say_where_they_have_one() -> None:
    for parameter in ("FailedTasks", "BakeMinutes", "CanaryPercent", "StepPercent", "GracePeriod"):
        answers = {strategy: release_values.why_not(parameter, strategy) for strategy in Strategy}
        assert any(answers.values())
        assert not all(answers.values())
        assert all(str(strategy) in why for strategy, why in answers.items() if why)
    assert release_values.why_not("MinTasks", Strategy.CODEDEPLOY) == ""


@pytest.mark.parametrize("strategy", Strategy)
def test_what_a_strategy_is_said_not_to_have_its_template_does_not_have(strategy: Strategy) -> None:
    from sendy_cfn import services

    found = read(f"{SHOP}}}")
    parameters = services.build(found, found.services["shop"], Variant(strategy, strategy in releases.NATIVE), {})
    for knob in OF_SERVICES:
        assert not (release_values.why_not(knob.name, strategy) and knob.name in parameters.parameters), knob.name
    only = {knob.name for knob in release.KNOBS if not knob.computed and not knob.offline} | {"GracePeriod"}
    lacking = only - set(parameters.parameters)
    assert {name for name in lacking if not release_values.why_not(name, strategy)} == set()


def test_a_mistake_in_an_environment_is_the_only_one_that_is_reported() -> None:
    """Services name the environment in their strategies: it is known, though something in it is wrong."""
    lines = refused(f"{SHOP}, strategies: {{live: canary}}}}", live="strategy: bluegreen").splitlines()
    assert len(lines) == 1
    assert "environments.live.strategy: 'bluegreen', expected" in lines[0]


@pytest.mark.parametrize(
    ("services", "strategy", "fits"), [(50, "canary", True), (51, "canary", False), (60, "rolling", True)]
)
def test_a_load_balancer_takes_a_hundred_target_groups(services: int, strategy: str, fits: bool) -> None:
    lines = [f"s{n:02}: {{kind: web, source: {{repository: demo/s}}, priority: {n + 1}}}" for n in range(services)]
    if fits:
        read(*lines, live=f"strategy: {strategy}")
    else:
        (line,) = refused(*lines, live=f"strategy: {strategy}").splitlines()
        assert "services.s50: more than 100 target groups on the load balancer of cell 1 in 'live'" in line
