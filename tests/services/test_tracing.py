"""Traces: nothing of it unless platform.yaml asks, then a collector that a service neither waits for nor falls with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn.config import tracing, words
from sendy_cfn.knobs import service as knobs
from tests.config.test_errors import generate, line_of
from tests.generated import CASES, Generated, generated
from tests.platforms import ROOT, built, platform
from tests.stacks.authorization import allows
from tests.strategies.deployed import CASE, Stack, deployed, deployments, stack

KEYS = """
platform: shop
domain: shop.example
toolchain: {region: eu-west-1, source: {repository: shop/platform}}
environments: {test: {region: eu-west-1}, live: {region: eu-west-1, vpc: existing}}
services: {aa: {kind: web, source: {repository: shop/aa}, TRACING}}
"""


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def definitions(found: Stack) -> list[dict[str, Any]]:
    return list(found.of_type("ECS::TaskDefinition").values())


def traced() -> list[Stack]:
    """With two sides on EC2, and one on Fargate."""
    return [stack(generated(CASE), "live", "switched-ec2"), stack(generated(CASE), "live", "rolled")]


def test_there_is_nothing_of_it_where_nobody_asked(made: Generated) -> None:
    seen = 0
    for one in deployments(made):
        template = made.templates[one.file]
        asked = made.platform.services[one.service].tracing
        assert ("OTEL_" in str(template)) == asked, one.file
        assert ("xray:" in str(template)) == asked, one.file
        assert {"CollectorImage", "CollectorMemory"} <= set(template["Parameters"]) or not asked, one.file
        assert asked or not any(name.startswith("Collector") for name in template["Parameters"]), one.file
        for definition in definitions(deployed(made, one)):
            assert len(definition["ContainerDefinitions"]) == (2 if asked else 1), one.file
        seen += 1
    assert seen


def test_each_side_has_one() -> None:
    two, one = traced()
    assert (len(definitions(two)), len(definitions(one))) == (2, 1)
    for found in (two, one):
        for definition in definitions(found):
            service, collector = definition["ContainerDefinitions"]  # the service first: scripts look there
            assert collector["Image"] == knobs.COLLECTOR_IMAGE.default
            assert service["Image"] != collector["Image"]


def test_a_service_neither_waits_for_it_nor_falls_with_it() -> None:
    for found in traced():
        for definition in definitions(found):
            service, collector = definition["ContainerDefinitions"]
            assert (service["Essential"], collector["Essential"]) == (True, False)
            assert "DependsOn" not in service
            assert collector["RestartPolicy"]["Enabled"] is True


def test_it_has_no_privileges() -> None:
    for found in traced():
        for definition in definitions(found):
            collector = definition["ContainerDefinitions"][1]
            assert int(collector["User"]) > 0
            assert collector["ReadonlyRootFilesystem"] is True
            assert collector["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
            assert not {"Secrets", "MountPoints", "PortMappings", "Privileged"} & set(collector)


def test_what_is_reserved_fits_the_task() -> None:
    """AWS refuses more: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html."""
    for found in traced():
        for definition in definitions(found):
            service, collector = definition["ContainerDefinitions"]
            for size in ("Cpu", "Memory"):
                reserved = sum(int(one.get(size, 0)) for one in (service, collector))
                assert 0 < reserved <= int(definition[size]), size
            assert "Memory" not in service  # all that the collector leaves
            assert 0 < int(collector["Memory"]) < int(definition["Memory"])
            assert service["Cpu"] == definition["Cpu"]


def test_its_lines_have_streams_of_their_own() -> None:
    for found in traced():
        for definition in definitions(found):
            logs = [one["LogConfiguration"]["Options"] for one in definition["ContainerDefinitions"]]
            assert len({one["awslogs-stream-prefix"] for one in logs}) == 2
            assert {one["awslogs-group"] for one in logs} == {"LogGroup.id"}


def test_the_role_may_send_traces_here_and_nothing_else() -> None:
    for found in traced():
        statements = found.resources["TaskPolicy"]["PolicyDocument"]["Statement"]
        assert allows(statements, "xray:PutTraceSegments", "*")
        assert not allows(statements, "xray:PutTraceSegments", "*", aws__RequestedRegion="ap-south-1")
        assert {action for one in statements for action in one["Action"]} == {"xray:PutTraceSegments"}
        assert all("TaskPolicy" in found.depends_on(name) for name in found.of_type("ECS::TaskDefinition"))


def environment(text: str) -> dict[str, str]:
    of = platform(KEYS.replace("TRACING", text))
    found = built(of, of.services["aa"]).to_dict()["Resources"]["TaskDefinition"]["Properties"]
    return {one["Name"]: one["Value"] for one in found["ContainerDefinitions"][0].get("Environment", [])}


def test_sdks_find_the_collector_and_people_may_say_otherwise() -> None:
    plain = environment("tracing: true")
    assert plain["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://127.0.0.1:{tracing.OTLP_HTTP}"
    assert plain["OTEL_SERVICE_NAME"] == "aa"
    own = environment("tracing: true, environment: {OTEL_METRICS_EXPORTER: otlp, LOG_LEVEL: info}")
    assert (own["OTEL_METRICS_EXPORTER"], own["LOG_LEVEL"]) == ("otlp", "info")
    assert set(own) == {*plain, "LOG_LEVEL"}
    # A variable has one source: ECS refuses one that is a secret as well.
    assert "OTEL_SERVICE_NAME" not in environment("tracing: true, secrets: {OTEL_SERVICE_NAME: /a/b}")


@pytest.mark.parametrize(
    ("image", "good"),
    [
        ("public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0", True),
        (f"public.ecr.aws/aws-observability/aws-otel-collector@sha256:{'0' * 64}", True),
        ("public.ecr.aws/aws-observability/aws-otel-collector:latest", False),
        ("public.ecr.aws/aws-observability/aws-otel-collector", False),
        # The execution role pulls nothing from there.
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/collector:v1", False),
    ],
)
def test_the_image_has_a_version(image: str, good: bool) -> None:
    assert (knobs.COLLECTOR_IMAGE.check(image) == "") == good


@pytest.mark.parametrize(
    ("text", "place", "nat", "fits"),
    [
        ("tracing: true", "test", "none", False),
        ("tracing: true", "test", "single", True),
        ("tracing: true", "live", "none", True),  # its VPC is not ours to know
        ("tracing: false", "test", "none", True),
    ],
)
def test_without_nat_tasks_could_not_pull_it(text: str, place: str, nat: str, fits: bool) -> None:
    of = platform(KEYS.replace("TRACING", text))
    assert (tracing.unreachable(of, of.environments[place], nat) == "") == fits
    assert of.environments["live"].vpc is words.Vpc.EXISTING


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "  Nat: single",
            "  Nat: none",
            "environment.Nat: Nat 'none' with 'tracing: true' of tracking: without NAT tasks can't pull the collector "
            "from public.ecr.aws, expected single or per-zone",
        ),
        (
            "  MinTasks: 1",
            "  CollectorMemory: 512",
            "defaults.CollectorMemory: CollectorMemory 512 is not less than Memory 512",
        ),
    ],
    ids=["no NAT", "no room"],
)
def test_values_that_no_collector_can_live_with(tmp_path: Path, old: str, new: str, says: str) -> None:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    for name, before, after in (
        ("platform.yaml", "    port: 9000\n", "    port: 9000\n    tracing: true\n"),
        ("test.yaml", old, new),
    ):
        path = tmp_path / "params" / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))
    done = generate(tmp_path)
    assert f"params/test.yaml:{line_of(path.read_text(), new)}: {says}" in done.stderr
    assert done.returncode == 2
