"""Actions by provider: what they need, take and give."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from rehearsal import actions
from rehearsal.actions import Context, Services
from rehearsal.builds import CodeBuild
from rehearsal.deploys import Stacks
from rehearsal.events import NotRehearsedError, RehearsalError
from rehearsal.permissions import DeniedError
from rehearsal.sources import Checkout, GitHost
from rehearsal.variables import Variables
from tests.emulator.templates import body, resource
from tests.rehearsal.deployed import ALL, Fates, account, allow

NAME = "example/orders"
SPECIFICATION = """\
version: 0.2
env:
  shell: bash
  exported-variables: [FOUND]
phases:
  build:
    commands:
    - export FOUND=$(ls | tr '\\n' ' ')$GIVEN
artifacts:
  files: ['*.txt']
"""


class Site:
    """One account with a repository, and an execution under way."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.here = account(emulator)
        fates = Fates(folder / "tools")
        host = GitHost(folder / "git")
        self.code = Checkout.of(host, NAME, folder / "work")
        (self.code.folder / "app.txt").write_text("app")
        self.commit = self.code.commit('Title "quoted"\n\nBody')
        self.code.push()
        here = self.here
        self.services = Services(
            here.aws,
            here.events,
            host,
            CodeBuild(here.aws, here.events, fates, folder / "builds"),
            Stacks(here.aws, here.events, fates, folder / "stacks"),
        )
        revisions = {f"{NAME}@main": host.revision(NAME, "main")}
        role = here.role("pipeline", ALL)
        self.context = Context(here.place, role, folder / "artifacts", revisions, Variables({}))

    def run(self, action: dict[str, Any]) -> None:
        actions.run(self.services, self.context, action)

    def filled(self, reference: str) -> str:
        return self.context.variables.fill(reference)

    def artifact(self, name: str, **files: str) -> Path:
        folder = self.context.folder / name
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / f"{file}.json").write_text(text)
        self.context.artifacts[name] = folder
        return folder


@pytest.fixture
def site(emulator: Emulator, tmp_path: Path) -> Site:
    return Site(emulator, tmp_path)


def action(
    category: str, provider: str, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    return {
        "name": f"My{category}",
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": {key: value for key, value in more.items() if key[0].isupper()},
        "inputArtifacts": [{"name": name} for name in inputs],
        "outputArtifacts": [{"name": name} for name in outputs],
        **{key: value for key, value in more.items() if not key[0].isupper()},
    }


def source(**more: Any) -> dict[str, Any]:
    given = {"FullRepositoryId": NAME, "BranchName": "main", "ConnectionArn": "arn:connection", "namespace": "Source"}
    return action("Source", "CodeStarSourceConnection", outputs=("Code",), **{**given, **more})


def test_a_source_gives_its_files_and_what_it_knows_of_the_commit(site: Site) -> None:
    site.run(source())
    assert sorted(path.name for path in site.context.artifacts["Code"].iterdir()) == ["app.txt"]
    assert site.filled("#{Source.CommitId} #{Source.BranchName} #{Source.FullRepositoryName}") == (
        f"{site.commit} main {NAME}"
    )
    assert site.filled("#{Source.CommitMessage}") == 'Title "quoted"\n\nBody'
    assert site.filled("#{Source.ConnectionArn}") == "arn:connection"


def test_a_source_takes_the_commit_that_the_execution_started_with(site: Site) -> None:
    (site.code.folder / "later.txt").write_text("x")
    site.code.commit("Later")
    site.code.push()
    site.run(source())
    assert site.filled("#{Source.CommitId}") == site.commit
    assert not (site.context.artifacts["Code"] / "later.txt").exists()


def test_a_full_clone_has_the_history(site: Site) -> None:
    site.run(source(OutputArtifactFormat="CODEBUILD_CLONE_REF"))
    assert (site.context.artifacts["Code"] / ".git").is_dir()


def build(*inputs: str, **more: Any) -> dict[str, Any]:
    return action("Build", "CodeBuild", inputs, ProjectName="image", namespace="Build", **more)


def test_a_build_gets_artifacts_and_variables_and_gives_both(site: Site) -> None:
    site.run(source())
    site.artifact("Extra", extra="{}")
    site.here.project("image", SPECIFICATION, site.here.role("builder"))
    given = json.dumps([{"name": "GIVEN", "value": "#{Source.CommitId}"}])
    site.run(
        build("Extra", "Code", PrimarySource="Code", EnvironmentVariables=given, outputArtifacts=[{"name": "Out"}])
    )
    assert site.filled("#{Build.FOUND}") == f"app.txt {site.commit}"
    assert [path.name for path in site.context.artifacts["Out"].iterdir()] == ["app.txt"]


def test_without_a_primary_source_the_first_artifact_is_it(site: Site) -> None:
    site.run(source())
    site.artifact("Extra", extra="{}")
    site.here.project("image", SPECIFICATION, site.here.role("builder"))
    site.run(build("Code", "Extra"))
    assert site.filled("#{Build.FOUND}") == "app.txt "


def test_a_quotation_mark_in_a_commit_message_breaks_the_variables(site: Site) -> None:
    site.run(source())
    site.here.project("image", SPECIFICATION, site.here.role("builder"))
    given = '[{"name": "GIVEN", "value": "#{Source.CommitMessage}"}]'
    with pytest.raises(RehearsalError, match="EnvironmentVariables is no list of variables"):
        site.run(build("Code", EnvironmentVariables=given))


def test_an_artifact_that_nobody_made(site: Site) -> None:
    with pytest.raises(RehearsalError, match="no earlier action has made the artifact Code, More"):
        site.run(build("More", "Code"))


def test_a_variable_that_nobody_gave(site: Site) -> None:
    site.artifact("Code")
    with pytest.raises(RehearsalError, match=r"#\{Source\.CommitId\}"):
        site.run(build("Code", EnvironmentVariables='[{"name": "A", "value": "#{Source.CommitId}"}]'))


def test_the_pipeline_has_to_be_allowed_to_start_the_build(site: Site) -> None:
    site.artifact("Code")
    poor = site.here.role("poor", allow("codebuild:StartBuild", on="arn:aws:codebuild:*:*:project/other"))
    site.context.role = poor
    with pytest.raises(
        DeniedError, match="action MyBuild: AccessDenied, role poor does not allow codebuild:StartBuild"
    ):
        site.run(build("Code"))


def test_an_action_with_a_role_of_its_own_runs_as_that_role(site: Site) -> None:
    site.run(source())
    site.here.project("image", SPECIFICATION, site.here.role("builder"))
    own = site.here.role("own", allow("codebuild:StartBuild", "codebuild:BatchGetBuilds"))
    site.context.role = site.here.role("taking", allow("sts:AssumeRole", on=own))
    site.run(build("Code", roleArn=own))
    assert site.filled("#{Build.FOUND}") == "app.txt "
    other = site.here.role("other", ALL)
    with pytest.raises(DeniedError, match=f"role taking does not allow sts:AssumeRole on {other}"):
        site.run(build("Code", roleArn=other))


def deploy(*inputs: str, **more: Any) -> dict[str, Any]:
    given = {"ActionMode": "CREATE_UPDATE", "StackName": "topic", "TemplatePath": "Templates::topic.json"}
    return action("Deploy", "CloudFormation", inputs, namespace="Stack", **{**given, **more})


TOPIC = body({"Topic": resource("AWS::SNS::Topic")}, {"Topic": {"Ref": "Topic"}})


def test_a_stack_goes_to_the_account_of_the_actions_role_and_gives_its_outputs(emulator: Emulator, site: Site) -> None:
    there = account(emulator)
    site.artifact("Templates", topic=TOPIC)
    site.run(deploy("Templates", roleArn=there.role("deployer", ALL), region="eu-west-1"))
    assert site.filled("#{Stack.Topic}").startswith(f"arn:aws:sns:eu-west-1:{there.place.account}:topic-")
    assert site.here.stacks.statuses() == {}


def test_the_deploying_role_needs_every_permission(emulator: Emulator, site: Site) -> None:
    there = account(emulator)
    site.artifact("Templates", topic=TOPIC)
    passed = there.role("cloudformation", ALL)
    poor = there.role("deployer", allow("cloudformation:*"))
    with pytest.raises(DeniedError, match="action MyDeploy: AccessDenied, role deployer does not allow iam:PassRole"):
        site.run(deploy("Templates", roleArn=poor, RoleArn=passed))
    assert there.stacks.statuses() == {}


@pytest.mark.parametrize(
    ("inputs", "more", "message"),
    [
        (
            ("Templates",),
            {"TemplatePath": "Templates::gone.json"},
            "Templates::gone.json: the artifact has no such file",
        ),
        ((), {}, "TemplatePath is in Templates, which is no input artifact of the action"),
        (("Templates",), {"TemplateConfiguration": "Other::c.json"}, "TemplateConfiguration is in Other, which is no"),
        (("Gone",), {}, "no earlier action has made the artifact Gone"),
    ],
)
def test_files_of_a_deployment_come_from_input_artifacts(
    site: Site, inputs: tuple[str, ...], more: dict[str, str], message: str
) -> None:
    site.artifact("Templates", topic=TOPIC)
    site.artifact("Other", c="{}")
    with pytest.raises(RehearsalError, match=message):
        site.run(deploy(*inputs, **more))
    assert site.here.stacks.statuses() == {}


def test_an_artifact_path_without_an_artifact(site: Site) -> None:
    with pytest.raises(RehearsalError, match="no earlier action has made the artifact Nobody"):
        site.context.file("Nobody::a.json")


def test_a_person_reads_the_text_and_says_no(site: Site) -> None:
    read: list[str] = []
    site.context.variables.add("Source", {"CommitId": "c0ffee"})
    approval = action("Approval", "Manual", CustomData="Release #{Source.CommitId}")

    def refuse(text: str) -> bool:
        read.append(text)
        return False

    asked = replace(site.services, approve=refuse)
    with pytest.raises(RehearsalError, match="action MyApproval: rejected"):
        actions.run(asked, site.context, approval)
    assert read == ["Release c0ffee"]
    site.run(approval)


@pytest.mark.parametrize("kind", [("Deploy", "S3"), ("Invoke", "Lambda"), ("Compute", "Commands")])
def test_an_action_of_another_provider_is_not_rehearsed(site: Site, kind: tuple[str, str]) -> None:
    with pytest.raises(NotRehearsedError, match=f"action My{kind[0]}: {kind[0]} by {kind[1]}"):
        site.run(action(*kind))
