"""What each kind of action does: one function per provider, found in `PROVIDERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal import builds, permissions
from rehearsal.aws import Aws, Place, account_of
from rehearsal.builds import CodeBuild
from rehearsal.deploys import Stacks
from rehearsal.events import Events, NotRehearsedError, RehearsalError
from rehearsal.permissions import Need, Permissions
from rehearsal.sources import GitHost, Revision
from rehearsal.variables import Variables

Action = Mapping[str, Any]


@dataclass(frozen=True)
class Services:
    """The AWS services that actions call, played or emulated."""

    aws: Aws
    events: Events
    git: GitHost
    codebuild: CodeBuild
    stacks: Stacks
    approve: Callable[[str], bool] = lambda _text: True  # what the person says who reads the approval


@dataclass
class Context:
    """What the actions of an execution share."""

    place: Place  # of the pipeline
    role: str  # of the pipeline
    folder: Path  # of its artifacts
    revisions: Mapping[str, Revision]  # by repository and branch: `owner/name@main`
    variables: Variables
    artifacts: dict[str, Path] = field(default_factory=dict)

    def file(self, path: str) -> Path:
        """A file of an artifact, `Artifact::path`.

        Raises:
            RehearsalError: there is no such artifact or file.
        """
        artifact, _, inner = path.partition("::")
        if artifact not in self.artifacts:
            raise RehearsalError(f"{path}: no earlier action has made the artifact {artifact}")
        found = self.artifacts[artifact] / inner
        if not found.is_file():
            raise RehearsalError(f"{path}: the artifact has no such file")
        return found


def run(services: Services, context: Context, action: Action) -> dict[str, str]:
    """Do what an action does and hand on its artifacts and variables; these variables.

    Raises:
        NotRehearsedError: the rehearsal cannot play this action.
        RehearsalError: the action failed.
    """
    kind = (action["actionTypeId"]["category"], action["actionTypeId"]["provider"])
    do = PROVIDERS.get(kind)
    if do is None:
        raise NotRehearsedError(f"action {action['name']}: {kind[0]} by {kind[1]}")
    declared = {item["name"] for item in action.get("inputArtifacts", [])}
    missing = declared - context.artifacts.keys()
    if missing:
        raise RehearsalError(f"no earlier action has made the artifact {', '.join(sorted(missing))}")
    if "roleArn" in action:
        _allowed(services, context, [Need("sts:AssumeRole", (action["roleArn"],))], action)
    configuration = context.variables.filled(action.get("configuration", {}))
    given = do(services, context, action, configuration)
    context.variables.add(action.get("namespace"), given)
    return given


def _source(services: Services, context: Context, action: Action, configuration: Mapping[str, str]) -> dict[str, str]:
    repository = configuration.get("FullRepositoryId") or configuration["RepositoryName"]
    revision = context.revisions[f"{repository}@{configuration['BranchName']}"]
    for output in action.get("outputArtifacts", []):
        target = context.folder / output["name"]
        whole = configuration.get("OutputArtifactFormat", "CODE_ZIP") == "CODEBUILD_CLONE_REF"
        (services.git.clone if whole else services.git.archive)(repository, revision.commit, target)
        context.artifacts[output["name"]] = target
    return {
        "CommitId": revision.commit,
        "CommitMessage": revision.message,
        "AuthorDate": revision.author_date,
        "BranchName": configuration["BranchName"],
        "FullRepositoryName": repository,
        "RepositoryName": repository.rpartition("/")[2],
        **({"ConnectionArn": configuration["ConnectionArn"]} if "ConnectionArn" in configuration else {}),
    }


def _build(services: Services, context: Context, action: Action, configuration: Mapping[str, str]) -> dict[str, str]:
    role = action.get("roleArn", context.role)
    place = Place(account_of(role), action.get("region", context.place.region))
    project = configuration["ProjectName"]
    arn = f"arn:aws:codebuild:{place.region}:{place.account}:project/{project}"
    Permissions(services.aws, services.events).check(
        role, place.region, permissions.start_build(arn), f"action {action['name']}"
    )
    names = [item["name"] for item in action.get("inputArtifacts", [])]
    primary = configuration.get("PrimarySource", names[0] if names else "")
    sources = {name: context.artifacts[name] for name in sorted(names, key=lambda name: name != primary)}
    outputs = {item["name"]: context.folder / item["name"] for item in action.get("outputArtifacts", [])}
    given = builds.variables_of(configuration)
    exported = services.codebuild.run(place, project, given, sources, outputs)
    context.artifacts |= outputs
    return exported


def _deploy(services: Services, context: Context, action: Action, configuration: Mapping[str, str]) -> dict[str, str]:
    role = action.get("roleArn", context.role)
    place = Place(account_of(role), action.get("region", context.place.region))
    needs = permissions.deploy_stack(place, configuration["StackName"], configuration.get("RoleArn", ""))
    Permissions(services.aws, services.events).check(role, place.region, needs, f"action {action['name']}")
    inputs = {item["name"] for item in action.get("inputArtifacts", [])}
    for key in ("TemplatePath", "TemplateConfiguration"):
        artifact = configuration.get(key, "").partition("::")[0]
        if artifact and artifact not in inputs:
            raise RehearsalError(f"{key} is in {artifact}, which is no input artifact of the action")
    return services.stacks.deploy(place, configuration, context.file)


def _approve(services: Services, _context: Context, action: Action, configuration: Mapping[str, str]) -> dict[str, str]:
    text = configuration.get("CustomData", "")
    if not services.approve(text):
        raise RehearsalError(f"action {action['name']}: rejected")
    return {}


def _allowed(services: Services, context: Context, needs: list[Need], action: Action) -> None:
    checked = Permissions(services.aws, services.events)
    checked.check(context.role, context.place.region, needs, f"action {action['name']}")


Provider = Callable[[Services, Context, Action, Mapping[str, str]], dict[str, str]]
PROVIDERS: Mapping[tuple[str, str], Provider] = {
    ("Source", "CodeStarSourceConnection"): _source,
    ("Source", "CodeCommit"): _source,
    ("Build", "CodeBuild"): _build,
    ("Test", "CodeBuild"): _build,
    ("Deploy", "CloudFormation"): _deploy,
    ("Approval", "Manual"): _approve,
}
