"""What ECS or CodeDeploy moves during releases is the same before and after whatever people change.

A change of a rule's properties writes its first weights back, which can send all requests to an empty target group:
https://github.com/aws/aws-cdk/issues/36649. CloudFormation can't update a service of CodeDeploy's at all.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn import config, generator
from sendy_cfn.config import releases
from sendy_cfn.fresh import Memory
from sendy_cfn.write import FolderWriter
from tests.generated import Generated, load
from tests.platforms import ROOT
from tests.strategies.deployed import NEW, OLD, Deployment, Stack, create_only, deployed, identity

FILES = {
    "platform.yaml": """
platform: shop
domain: shop.example
toolchain: {region: eu-west-1, source: {repository: shop/platform}}
network: {endpoints: [], dual_stack: false}
cluster: {ec2: [amd64]}
environments:
  test: {region: eu-west-1, tests: [smoke]}
  live: {region: eu-west-1, tests: [smoke], strategy: blue-green}
services:
  first:
    kind: web
    source: {repository: shop/first}
  shifted:
    kind: web
    source: {repository: shop/shifted}
    strategies: {test: blue-green}
  stepped:
    kind: web
    source: {repository: shop/stepped}
    strategies: {test: linear, live: linear}
  canary:
    kind: web
    source: {repository: shop/canary}
    host: api
    paths: [/canary]
    strategies: {test: canary, live: canary}
  deployed:
    kind: web
    source: {repository: shop/deployed}
    strategies: {test: codedeploy, live: codedeploy}
""",
    "test.yaml": """
environment: {VpcCidr: 10.1.0.0/16, TestTrafficCidr: 198.51.100.0/24}
defaults: {MaxDecisionMinutes: 2000}
services: {}
""",
    "live.yaml": """
environment: {VpcCidr: 10.2.0.0/16, TestTrafficCidr: 198.51.100.0/24}
defaults: {MaxDecisionMinutes: 2000}
services: {}
""",
    "toolchain.yaml": "toolchain: {}\n",
}
MOVED = ("shifted", "stepped", "canary", "deployed")
Edit = tuple[str, str, str]  # file, old, new; every place of old


def everywhere(keys: str) -> list[Edit]:
    """Keys of all services whose traffic is moved."""
    return [("platform.yaml", f"shop/{name}}}\n", f"shop/{name}}}\n    {keys}\n") for name in MOVED]


def values(text: str) -> list[Edit]:
    old = "MaxDecisionMinutes: 2000"
    return [(file, old, f"{old}, {text}") for file in ("test.yaml", "live.yaml")]


SIZES = "Cpu: 1024, Memory: 4096, MinTasks: 5, MaxTasks: 50, CpuTarget: 80, StopTimeout: 90, RequestsTarget: 7"
HEALTH = (
    "HealthInterval: 30, HealthTimeout: 20, HealthyChecks: 5, UnhealthyChecks: 7, DeregistrationDelay: 300, "
    "AlarmTaskMinutes: 20, GracePeriod: 300"
)
ALARMS = "AlarmErrorPercent: 9, AlarmP95Milliseconds: 9, AlarmRequests: 9, AlarmMinutes: 9, AlarmTaskMinutes: 9"
TIMES = (
    "BakeMinutes: 33, CanaryPercent: 50, CanaryBakeMinutes: 11, StepPercent: 50, StepBakeMinutes: 11, WatchMinutes: 11"
)
KEYS = (
    *("health_path: /h", "version_path: /v", "command: [run]", "user: '7'", "read_only: false", "dockerfile: D"),
    *("outbound_ports: [443, 5432]", "scale_on: [cpu, requests]", "health_command: [/check]", "context: c"),
)
ADDED = "  added: {kind: web, source: {repository: shop/added}, strategies: {test: canary, live: codedeploy}}\n"

FIRST = "  first:\n    kind: web\n    source: {repository: shop/first}\n"
LAST = "live: codedeploy}\n"

CHANGES: dict[str, list[Edit]] = {
    "sizes and task counts": values(SIZES),
    "health": values(HEALTH),
    "alarms, times of a release, logs": values(f"{ALARMS}, {TIMES}, LogRetentionDays: 7"),
    "another service added": [("platform.yaml", "services:\n", f"services:\n{ADDED}")],
    "another service removed": [("platform.yaml", FIRST, "")],
    "services in another order": [
        ("platform.yaml", FIRST, ""),
        (
            "platform.yaml",
            "live: codedeploy}\n",
            "live: codedeploy}\n  first: {kind: web, source: {repository: a/b}}\n",
        ),
    ],
    "other tests": [("platform.yaml", "tests: [smoke]", "tests: [smoke, regression, load]")],
    "approval and a window": [
        ("platform.yaml", "tests: [smoke]", "approval: true, window: {cron: '* * 8-15 ? * MON-THU *'}")
    ],
    "a pause": [("platform.yaml", "tests: [smoke]", "pause: true")],
    "an environment added before": [
        ("platform.yaml", "  test: {", "  early: {region: eu-west-1, strategy: linear}\n  test: {"),
        ("early.yaml", "", FILES["test.yaml"]),
    ],
    "a second cluster": [("platform.yaml", "tests: [smoke]", "clusters: [blue, green]")],
    "network, instances and signed images": [
        ("platform.yaml", "endpoints: [], dual_stack: false", "endpoints: [logs], dual_stack: true"),
        ("platform.yaml", "ec2: [amd64]", "ec2: [amd64, arm64]"),
        ("platform.yaml", "toolchain: {", "toolchain: {sign: true, base_images: [quay], "),
    ],
    "another service's capacity": [("platform.yaml", "shop/first}\n", "shop/first}\n    capacity: ec2\n")],
    "another service's strategy": [
        ("platform.yaml", "shop/first}\n", "shop/first}\n    strategies: {test: codedeploy, live: canary}\n")
    ],
    "another repository": [("platform.yaml", "repository: shop/", "branch: next, repository: market/")],
    "secrets, variables and permissions": [
        *everywhere("secrets: {A: /shop/a, B: 'secretsmanager:b:c'}"),
        *everywhere("environment: {C: d}"),
        *everywhere("permissions: [{actions: [s3:GetObject], resources: ['arn:aws:s3:::b/*']}]"),
        *everywhere("tests: {smoke: [./smoke.sh]}"),
    ],
    "all else of the service": [edit for key in KEYS for edit in everywhere(key)],
}


def write(params: Path, edits: list[Edit]) -> None:
    """The files with the edits."""
    texts = {name: text.lstrip("\n") for name, text in FILES.items()}
    for file, old, new in edits:
        before = texts.get(file, "")
        assert old in before
        texts[file] = before.replace(old, new) if old else new
    params.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (params / name).write_text(text)


def written(folder: Path, edits: list[Edit]) -> Generated:
    """The files with the edits, and what is made of them; of templates only the services', as pipelines are long."""
    params, out = folder / "params", folder / "out"
    write(params, edits)
    with FolderWriter(out) as writer:
        generator.generate(params, writer, Memory(folder / "cache", params, out))
        writer.commit()
    templates = {path.name: load(path.read_text()) for path in out.glob("service-*.yaml")}
    configurations = {
        path.relative_to(out / "config").as_posix(): json.loads(path.read_bytes())
        for path in (out / "config").glob("*/service-*.json")
    }
    return Generated("frozen", out, config.load(params), templates, configurations)


def moved(found: Generated) -> Iterator[Deployment]:
    for place in found.platform.environments.values():
        for name in MOVED:
            service = found.platform.services[name]
            file = releases.service_file(service, releases.variant(service, place))
            yield Deployment(place.name, name, file, f"shop-{place.name}-{name}")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return written(tmp_path_factory.mktemp("frozen"), [])


RULE, GROUP = "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::TargetGroup"


def frozen(found: Stack) -> dict[str, Any]:
    """What has to stay: both rules as they are, which groups and which service these are; CodeDeploy's as it is."""
    kept: dict[str, Any] = {}
    for name, body in found.made.items():
        kind = body["Type"]
        whole = kind == RULE or (kind == "AWS::ECS::Service" and "DeploymentController" in found.resources[name])
        if whole:
            kept[name] = (body.get("DependsOn"), body.get("UpdatePolicy"), found.resources[name])
        elif kind in (GROUP, "AWS::ECS::Service"):
            kept[name] = identity(found, name)
    return kept


def of(found: Generated, **release: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one.environment, one.service): frozen(deployed(found, one, **release)) for one in moved(found)}


def test_there_is_something_to_freeze(before: Generated) -> None:
    found = of(before)
    assert set(found) == {(place, name) for place in ("test", "live") for name in MOVED}
    for kept in found.values():
        (service,) = set(kept) - {"ListenerRule", "TestListenerRule", "TargetGroup", "AlternateTargetGroup"}
        assert service.endswith("Service")
        assert len(kept) == 5
    assert {"VpcId", "Port", "Protocol", "TargetType"} <= create_only(GROUP)
    assert {"ServiceName", "Cluster", "SchedulingStrategy"} <= create_only("AWS::ECS::Service")


def test_a_release_changes_none_of_it(before: Generated) -> None:
    assert of(before, **OLD) == of(before, **NEW)


@pytest.mark.parametrize("change", CHANGES)
def test_what_moves_in_releases_stays_when_people_change(change: str, before: Generated, tmp_path: Path) -> None:
    after = written(tmp_path, CHANGES[change])
    kept, now = of(before), of(after, **NEW)
    for at, expected in kept.items():
        assert now[at] == expected, at
        # CloudFormation hands a stack's tags on to its resources: changed ones are an update of the service.
        file = f"{at[0]}/service-{at[1]}.json"
        assert after.configurations[file]["Tags"] == before.configurations[file]["Tags"]


ONE = "shop/stepped}\n"


@pytest.mark.parametrize("keys", ["host: other", "paths: [/other]", "priority: 7", "cell: 2"])
def test_a_moved_rule_is_seen(keys: str, before: Generated, tmp_path: Path) -> None:
    after = of(written(tmp_path, [("platform.yaml", ONE, f"{ONE}    {keys}\n")]))
    for at, expected in of(before).items():
        assert (after[at] != expected) == (at[1] == "stepped")
        if at[1] == "stepped":
            assert after[at]["ListenerRule"] != expected["ListenerRule"]
            assert after[at]["TestListenerRule"] != expected["TestListenerRule"]


@pytest.mark.parametrize(("name", "keys"), [("deployed", "port: 9090"), ("stepped", "capacity: fargate-spot")])
def test_a_changed_port_or_capacity_moves_no_rule(name: str, keys: str, before: Generated, tmp_path: Path) -> None:
    """A port is what CodeDeploy's service can't take, which its metadata says; capacity is not createOnly."""
    old = f"shop/{name}}}\n"
    after, kept = of(written(tmp_path, [("platform.yaml", old, f"{old}    {keys}\n")])), of(before)
    for at, expected in kept.items():
        differs = {part for part in expected if after[at][part] != expected[part]}
        assert differs == ({"CodeDeployService"} if at[1] == name == "deployed" else set())


@pytest.mark.parametrize("name", MOVED)
def test_the_template_says_what_must_not_change(name: str, before: Generated) -> None:
    for one in moved(before):
        if one.service == name:
            resources = before.templates[one.file]["Resources"]
            marked = {title for title, body in resources.items() if "Frozen" in body.get("Metadata", {})}
            rules = {"ListenerRule", "TestListenerRule"}
            assert marked == rules | ({"CodeDeployService"} if name == "deployed" else set())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own, with its templates."""
    folder = tmp_path_factory.mktemp("notes")
    shutil.copy(ROOT / "generate.py", folder)
    (folder / "sendy_cfn").symlink_to(ROOT / "sendy_cfn")
    assert notes(folder, []) == []  # nothing was there that could change
    for file in (folder / "out").rglob("*.yaml"):
        file.write_text(file.read_text().replace("Frozen: '", "Frozen: 'In older words: "))
    return folder


def notes(folder: Path, edits: list[Edit]) -> list[str]:
    """What the command says of frozen resources when the files have these edits."""
    write(folder / "params", edits)
    command = [sys.executable, "generate.py", "--params", "params", "--out", "out"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("note: ")]


def told_after(made: Path, folder: Path, edits: list[Edit]) -> list[str]:
    shutil.copytree(made, folder, symlinks=True, dirs_exist_ok=True)
    return notes(folder, edits)


def says(file: str, *names: str) -> list[str]:
    more = "changes, which releases move: read its Metadata and docs/releases.md first"
    return [f"note: {file}: {name} {more}" for name in names]


@pytest.mark.parametrize("keys", ["host: other", "paths: [/other]", "priority: 7"])
def test_whoever_changes_a_moved_rule_is_told_its_file_and_name(keys: str, made: Path, tmp_path: Path) -> None:
    found = told_after(made, tmp_path, [("platform.yaml", ONE, f"{ONE}    {keys}\n")])
    assert found == says("service-stepped-linear.yaml", "ListenerRule", "TestListenerRule")
    assert notes(tmp_path, [("platform.yaml", ONE, f"{ONE}    {keys}\n")]) == []  # it is what is there now


def test_whoever_changes_codedeploys_service_is_told(made: Path, tmp_path: Path) -> None:
    old = "shop/deployed}\n"
    found = told_after(made, tmp_path, [("platform.yaml", old, f"{old}    port: 9090\n")])
    assert found == says("service-deployed-codedeploy.yaml", "CodeDeployService")


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_is_told_of_what_moves_no_rule(change: str, made: Path, tmp_path: Path) -> None:
    assert told_after(made, tmp_path, CHANGES[change]) == []


def test_a_service_that_rolls_has_nothing_to_tell(made: Path, tmp_path: Path) -> None:
    old = "shop/first}\n"
    rolls = f"{old}    strategies: {{live: rolling}}\n"
    assert told_after(made, tmp_path, [("platform.yaml", old, rolls)]) == []
    assert notes(tmp_path, [("platform.yaml", old, f"{rolls}    host: other\n")]) == []
