"""Policy linters: nothing is left over in any platform, and what is planted into emitted templates is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sendy_cfn.checks import policies
from sendy_cfn.checks.findings import Finding
from sendy_cfn.checks.policy_accepted import ACCEPTED, Accepted
from sendy_cfn.checks.usage import UsageError
from tests.generated import generated
from tests.platforms import ROOT

SHIPPED = ROOT / "params"
STRATEGIES = ROOT / "tests/cases/strategies"


def found(case: Path, folder: Path, store: Path, accepted: tuple[Accepted, ...] = ACCEPTED) -> list[Finding]:
    return policies.check(folder, generated(case).platform, policies.PYTHON, store, accepted)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all that look at the same templates."""
    return tmp_path_factory.mktemp("store")


# All kinds of policies occur in these.
@pytest.mark.parametrize("name", ["params", "tests/cases/strategies", "tests/cases/full", "tests/cases/two-regions"])
def test_nothing_is_left_over(name: str, store: Path) -> None:
    case = ROOT / name
    assert not found(case, generated(case).folder, store)


def test_every_accepted_finding_occurs_in_some_platform(store: Path) -> None:
    all_found = [one for case in (SHIPPED, STRATEGIES) for one in found(case, generated(case).folder, store, ())]
    assert not [entry for entry in ACCEPTED if not any(map(entry.accepts, all_found))]


def statement(sid: str, action: str, resource: str) -> str:
    lines = [f"- Sid: {sid}", "  Effect: Allow", "  Action:", f"    - {action}", "  Resource:", f"    - {resource}"]
    return "\n".join(f"          {line}" for line in lines) + "\n"


def added(file: str, policy: str, text: str) -> Callable[[Path], None]:
    """Adds a statement to the front of a policy."""

    def plant(folder: Path) -> None:
        template = folder / file
        before, _, after = template.read_text().partition(f"\n  {policy}:\n")
        head, _, tail = after.partition("        Statement:\n")
        assert tail
        template.write_text(f"{before}\n  {policy}:\n{head}        Statement:\n{text}{tail}")

    return plant


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))

    return plant


A_POLICY, A_ROLE = (f"'arn:aws:iam::123456789012:{kind}/x'" for kind in ("policy", "role"))
# What is planted, and the rule, resource and a word of the finding.
PLANTED: dict[str, tuple[Callable[[Path], None], tuple[str, str, str]]] = {
    "new policy versions anywhere": (
        added("deploy-roles.yaml", "IdentityPolicy", statement("More", "iam:CreatePolicyVersion", "'*'")),
        ("cloudsplaining:escalation-on-all", "IdentityPolicy", "CreateNewPolicyVersion"),
    ),
    "new policy versions of its own role": (
        added("builds-orders.yaml", "ImagePolicy", statement("More", "iam:CreatePolicyVersion", A_POLICY)),
        ("parliament:PRIVILEGE_ESCALATION", "ImagePolicy", "CreateNewPolicyVersion"),
    ),
    "passing roles to any service": (
        added("builds-orders.yaml", "ImagePolicy", statement("More", "iam:PassRole", A_ROLE)),
        ("unbound-pass-role", "ImagePolicy", "More does not say to which service"),
    ),
    "passing roles by a wildcard": (
        added("builds-orders.yaml", "ImagePolicy", statement("More", "iam:Pass*", A_ROLE)),
        ("unbound-pass-role", "ImagePolicy", "iam:PassedToService"),
    ),
    "a condition on passing that is gone": (
        replaced("deploy-roles.yaml", "iam:PassedToService: cloudformation.amazonaws.com", "aws:SourceAccount: '1'"),
        ("unbound-pass-role", "DeployPolicy", "HandOverRole"),
    ),
    "reading all objects": (
        added("service-orders.yaml", "TaskPolicy", statement("More", "s3:GetObject", "'*'")),
        ("cloudsplaining:exfiltration-on-all", "TaskPolicy", "s3:GetObject"),
    ),
    "reading all secrets": (
        added("service-orders.yaml", "ExecutionPolicy", statement("More", "secretsmanager:GetSecretValue", "'*'")),
        ("cloudsplaining:exfiltration-on-all", "ExecutionPolicy", "secretsmanager:GetSecretValue"),
    ),
    "a whole service": (
        added("pipeline-orders.yaml", "PipelinePolicy", statement("More", "'s3:*'", "'*'")),
        ("cloudsplaining:service-wildcard", "PipelinePolicy", "s3"),
    ),
    "changes anywhere": (
        added("deploy-roles.yaml", "TasksPolicy", statement("More", "ecs:UpdateService", "'*'")),
        ("cloudsplaining:changes-on-all", "TasksPolicy", "ecs:UpdateService"),
    ),
    "a resource that the action does not work on": (
        added("deploy-roles.yaml", "TasksPolicy", statement("More", "ecs:DeleteCluster", "'arn:aws:s3:::x'")),
        ("parliament:RESOURCE_MISMATCH", "TasksPolicy", "ecs:DeleteCluster"),
    ),
    "a condition that the action does not know": (
        replaced("deploy-roles.yaml", "iam:PolicyARN:", "iam:PassedToService:"),
        ("parliament:UNKNOWN_CONDITION_FOR_ACTION", "IdentityPolicy", "iam:PassedToService"),
    ),
    "escalation that takes two policies of a role, one of them its own": (
        added("deploy-roles.yaml", "ObservationPolicy", statement("Run", "ec2:RunInstances", "'*'")),
        ("cloudsplaining:escalation", "CloudFormationRole", "ec2:runinstances"),
    ),
    "a key open to everybody": (
        replaced("network.yaml", 'AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"', "AWS: '*-'"),
        ("parliament:UNKNOWN_PRINCIPAL", "Key", "*-"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """What is found with all of it planted."""
    scratch = tmp_path_factory.mktemp("planted")
    folder = scratch / "templates"
    shutil.copytree(generated(SHIPPED).folder, folder)
    for plant, _ in PLANTED.values():
        plant(folder)
    return found(SHIPPED, folder, scratch)


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name: str, news: list[Finding]) -> None:
    _, (rule, resource, word) = PLANTED[name]
    assert [one for one in news if (one.rule, one.resource) == (rule, resource) and word in one.message], news


def test_accepted_findings_that_do_not_occur_fail(store: Path) -> None:
    vain = Accepted("parliament:RESOURCE_STAR", "builds-*", "ImagePolicy", "ecr:PutImage", "no reason")
    foreign = Accepted("parliament:RESOURCE_STAR", "builds-*", "ImagePolicy", "lambda:InvokeFunction", "no reason")
    [needless] = found(SHIPPED, generated(SHIPPED).folder, store, (*ACCEPTED, vain, foreign))
    assert (needless.rule, needless.resource) == ("needless-acceptance", "ImagePolicy")
    assert "ecr:PutImage" in needless.message


def run(*arguments: object) -> int:
    return policies.main([*map(str, arguments)])


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "templates"
    shutil.copytree(generated(SHIPPED).folder, folder)
    same = ("--templates", folder, "--params", SHIPPED, "--cache", tmp_path / "cache")
    assert run(*same) == 0
    assert "no findings" in capsys.readouterr().out
    PLANTED["reading all objects"][0](folder)
    assert run(*same) == 1
    assert "service-orders.yaml" in capsys.readouterr().out
    (tmp_path / "cache" / "policies.json").unlink()
    assert run(*same, "--python", tmp_path / "none") == 2
    assert "make setup" in capsys.readouterr().err
    assert run("--templates", tmp_path / "cache") == 2


def test_an_unchanged_folder_is_not_looked_at_again(tmp_path: Path) -> None:
    folder = generated(SHIPPED).folder
    first = found(SHIPPED, folder, tmp_path, ())
    kept = (tmp_path / "policies.json").read_text()
    (tmp_path / "policies.json").write_text(kept.replace("ecr:getauthorizationtoken", "from the cache"))
    again = found(SHIPPED, folder, tmp_path, ())
    assert len(again) == len(first)
    assert [one for one in again if one.message == "from the cache"]


def test_an_engine_that_fails_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "python"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'No module named parliament' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError, match="ended with 1: No module named parliament"):
        policies.check(generated(SHIPPED).folder, generated(SHIPPED).platform, broken, tmp_path)
