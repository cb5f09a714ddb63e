"""Platform files whose output is checked: each folder of tests/cases passes all engines, and keeps to the limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from sendy_cfn.checks import gate
from sendy_cfn.checks.cache import Store
from sendy_cfn.checks.engines import ENGINES
from sendy_cfn.checks.engines.subject import Settings
from sendy_cfn.checks.findings import Finding
from tests.generated import CASES, Generated, generated
from tests.platforms import ROOT

STORE = ROOT / ".cache/cases/engines.json"  # keyed by content: an unchanged case costs nothing


@pytest.fixture(params=CASES[1:], ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    """Of all engines in all cases, each engine started once; as emitted, and with the values of each environment."""
    cases = [generated(path) for path in CASES[1:]]
    folders = [gate.Folder(one.folder, one.folder.parent / "work", one.platform.regions, one.platform) for one in cases]
    settings = Settings(ROOT / ".cfnlintrc", ROOT / ".venv-policies")
    return gate.check(folders, ENGINES, settings, Store(STORE))


def test_no_engine_finds_anything_and_nothing_is_accepted_in_vain(findings: list[Finding], case: Generated) -> None:
    assert [one for one in findings if Path(one.template).is_relative_to(case.folder)] == []


def test_nothing_is_found_elsewhere(findings: list[Finding]) -> None:
    assert findings == []


def test_no_template_is_near_a_limit(case: Generated) -> None:
    for file, template in case.templates.items():
        assert (case.folder / file).stat().st_size <= 51_200
        assert len(template["Resources"]) <= 500
        assert len(template.get("Parameters", {})) <= 200
        assert len(template.get("Outputs", {})) <= 200


def test_structure_decides_which_root_an_environment_has() -> None:
    throwaway = generated(ROOT / "tests/cases/throwaway")
    brief = throwaway.templates["cluster-throwaway.yaml"]["Resources"]
    stays = throwaway.templates["cluster.yaml"]["Resources"]

    def protected(resources: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> str:
        attributes = resources["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]
        return next(a["Value"] for a in attributes if a["Key"] == "deletion_protection.enabled")

    assert protected(stays) == "true"
    assert protected(brief) == "false"


def test_a_second_cell_has_its_own_load_balancers_and_toolchain_root() -> None:
    full = generated(ROOT / "tests/cases/full")
    root = full.templates["environment-two-clusters.yaml"]["Resources"]
    assert {"ClusterBlue", "ClusterGreen", "ClusterBlue2", "ClusterGreen2"} <= set(root)
    second = full.templates["toolchain-2.yaml"]["Resources"]
    assert set(second) == {"PipelineSpot"}
    spot = full.configurations["e/service-spot.json"]["Parameters"]
    assert spot["ListenerArn"] == "/sixteen-letters0/e/cluster-blue-2/listener-arn"
