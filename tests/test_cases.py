"""Platform files whose output is checked: each folder of tests/cases passes both linters, and keeps to the limits."""

from __future__ import annotations

import pytest

from sendy_cfn.checks import lint, validate
from tests.generated import CASES, Generated, generated
from tests.platforms import ROOT

STORE = ROOT / ".cache/cases"  # keyed by content: an unchanged case costs nothing


@pytest.fixture(scope="module", params=CASES[1:], ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def test_cfn_lint_finds_nothing(case: Generated) -> None:
    templates = lint.templates_of(case.folder)
    assert templates
    assert lint.lint(templates, list(case.platform.regions), ROOT / ".cfnlintrc", STORE / case.name) == []


def test_the_validator_finds_nothing(case: Generated) -> None:
    assert validate.validate(lint.templates_of(case.folder), STORE / case.name) == []


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
