"""What is deployed where."""

from __future__ import annotations

import pytest

from sendy_cfn import config, targets
from tests.generated import generated
from tests.platforms import ROOT


def case(name: str) -> tuple[targets.Target, ...]:
    return targets.find(config.load(ROOT / "tests/cases" / name), "toolchain")


def test_artifacts_of_other_regions_come_before_the_pipelines_that_use_them() -> None:
    assert [(target.stack, target.region) for target in case("two-regions")] == [
        ("far-artifacts", "us-west-2"),
        ("far-toolchain", "eu-central-1"),
    ]


def test_an_environment_goes_to_its_own_account_or_else_to_the_toolchains() -> None:
    platform = config.load(ROOT / "tests/cases/two-accounts")
    accounts = [targets.find(platform, place)[0].account for place in ("test", "live")]
    assert accounts == ["111122223333", "444455556666"]


def test_what_is_thrown_away_is_not_protected() -> None:
    platform = config.load(ROOT / "tests/cases/throwaway")
    protected = {place: targets.find(platform, place)[0].protected for place in platform.environments}
    assert protected == {"preview": False, "live": True}


@pytest.mark.parametrize("name", ["two-regions", "full"])
def test_every_root_has_its_files_and_only_parameters_it_takes(name: str) -> None:
    made = generated(ROOT / "tests/cases" / name)
    for place in [*made.platform.environments, "toolchain"]:
        for target in targets.find(made.platform, place):
            taken = made.templates[target.template]["Parameters"]
            given = targets.parameters(target, made.folder)
            assert set(given) <= set(taken)
            assert {n for n, p in taken.items() if "Default" not in p} <= set(given)
            assert targets.tags(target, made.folder)["platform"] == made.platform.platform
            assert not target.keeps_data or target.keeps_data in made.templates[target.template]["Resources"]
