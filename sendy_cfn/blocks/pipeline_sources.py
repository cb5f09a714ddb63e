"""Where a pipeline's code and templates come from: source actions, what starts the pipeline, and what that needs.

A pipeline reads two repositories, the service's and the platform's. In a monorepo both are the same one: then there is
one source action, so that code and templates are always of one commit, and a push that touches both starts one
execution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Sub, codepipeline

from sendy_cfn.blocks.pipeline_calls import repository_arn
from sendy_cfn.config import releases
from sendy_cfn.config.words import Connection, Provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from troposphere import AWSHelperFn

    from sendy_cfn.config.model import Platform, Service, Source

CODE = "Service"  # the artifact with the service's repository, which builds get
MAX_PATTERNS = 8  # AWS: in one filter

# Page of a repository and of a commit in it.
HOSTS = {
    Connection.GITHUB: ("https://github.com/{repository}", "/commit/"),
    Connection.GITLAB: ("https://gitlab.com/{repository}", "/-/commit/"),
    Connection.BITBUCKET: ("https://bitbucket.org/{repository}", "/commits/"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository in the role that it has in the pipeline."""

    name: str  # of the source action and of its artifact: Service or Platform
    source: Source

    @property
    def namespace(self) -> str:
        """Namespace of the action's variables. AWS: it must differ from every artifact's name."""
        return f"{self.name}Source"

    @property
    def kind(self) -> SourceKind:
        """What the repository's provider needs."""
        return SOURCES[self.source.provider]

    @property
    def revision(self) -> str:
        """The variable that identifies what was fetched: a commit, or the version of an S3 object."""
        return self.variable(self.kind.revision)

    def variable(self, key: str) -> str:
        """A reference to one of the action's variables."""
        return f"#{{{self.namespace}.{key}}}"


@dataclass(frozen=True, slots=True)
class SourceKind:
    """How CodePipeline reads from a provider."""

    provider: str  # its name in CodePipeline
    revision: str  # the variable that identifies what was fetched
    has_message: bool  # whether there are CommitMessage and AuthorDate
    configure: Callable[[Source, AWSHelperFn | None], dict[str, Any]]
    event: Callable[[Source], dict[str, Any]] | None  # EventBridge pattern of a change; None where triggers do that


def origins(platform: Platform, service: Service) -> tuple[Origin, Origin]:
    """Where the service's code and where the templates come from; twice the same in a monorepo."""
    code, templates = service.source, platform.toolchain.source
    place = ("provider", "repository", "branch", "bucket", "object_key")
    origin = Origin(CODE, code)
    if all(getattr(code, key) == getattr(templates, key) for key in place):
        return origin, origin
    return origin, Origin("Platform", templates)


def action(origin: Origin, connection: AWSHelperFn | None) -> codepipeline.Actions:
    """The source action; its artifact has the same name."""
    kind = codepipeline.ActionTypeId(Category="Source", Owner="AWS", Provider=origin.kind.provider, Version="1")
    return codepipeline.Actions(
        Name=origin.name,
        ActionTypeId=kind,
        Configuration=origin.kind.configure(origin.source, connection),
        OutputArtifacts=[codepipeline.OutputArtifacts(Name=origin.name)],
        Namespace=origin.namespace,
    )


HISTORY = "History"  # the artifact with a clone of the service's repository


def history(code: Origin, connection: AWSHelperFn | None) -> codepipeline.Actions:
    """The service's repository once more, as a clone: archives of a commit don't tell who wrote it.

    Only builds can use it, with a role that may use the connection.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
    """
    found = action(Origin(HISTORY, code.source), connection)
    found.Configuration = found.Configuration | {"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}
    del found.properties["Namespace"]
    return found


def tells_author(platform: Platform, code: Origin) -> bool:
    """Whether approvals say who wrote the commit: where somebody is asked, and the repository is on a Git host."""
    asked = any(place.approval for place in platform.environments.values())
    return asked and code.source.provider is Provider.CONNECTION


def triggers(
    platform: Platform, service: Service, code: Origin, templates: Origin
) -> list[codepipeline.PipelineTriggerDeclaration]:
    """What starts the pipeline among the pushes that connections report.

    A change of the service's templates starts it too, with two exceptions. A service released by tags waits for its
    next tag: the execution would release the untagged head of the branch. And a platform repository in CodeCommit or
    S3 does not tell which files changed: every service would be released, so templates go out with the service's next
    push.
    """
    own = code.source
    found = []
    if own.provider is Provider.CONNECTION:
        if own.tags:
            filters = [codepipeline.GitPushFilter(Tags=codepipeline.GitTagFilterCriteria(Includes=list(own.tags)))]
        else:
            filters = [_pushes(own.branch, own.paths)]
            if code is templates and own.paths:
                # A filter of their own: AWS takes at most 8 patterns in each.
                filters += _template_pushes(own.branch, platform, service)
        found.append(_trigger(code, filters))
    if code is not templates and templates.source.provider is Provider.CONNECTION and not own.tags:
        found.append(_trigger(templates, _template_pushes(templates.source.branch, platform, service)))
    return found


def _template_pushes(branch: str, platform: Platform, service: Service) -> list[codepipeline.GitPushFilter]:
    files = template_files(platform, service)
    return [_pushes(branch, files[first : first + MAX_PATTERNS]) for first in range(0, len(files), MAX_PATTERNS)]


def template_files(platform: Platform, service: Service) -> tuple[str, ...]:
    """The files of the platform's repository that the service's deployments read, as globs."""
    variants = releases.variants(service, platform.environments.values())
    return (
        *(f"templates/{releases.service_file(service, variant)}" for variant in variants),
        f"templates/config/*/service-{service.name}.json",
    )


def repository_url(platform: Platform, source: Source) -> str:
    """The repository's page; "" where it is not on a known Git host."""
    if source.provider is not Provider.CONNECTION:
        return ""
    return HOSTS[platform.toolchain.connection][0].format(repository=source.repository)


def commit_url(platform: Platform, origin: Origin) -> AWSHelperFn | str | None:
    """The page of the commit that is being released; None where there is none."""
    source = origin.source
    if source.provider is Provider.CONNECTION:
        return repository_url(platform, source) + HOSTS[platform.toolchain.connection][1] + origin.revision
    if source.provider is Provider.CODECOMMIT:
        page = f"codesuite/codecommit/repositories/{source.repository}/commit/{origin.revision}"
        return Sub(f"https://${{AWS::Region}}.console.aws.amazon.com/{page}?region=${{AWS::Region}}")
    return None


def _trigger(origin: Origin, filters: list[codepipeline.GitPushFilter]) -> codepipeline.PipelineTriggerDeclaration:
    return codepipeline.PipelineTriggerDeclaration(
        ProviderType="CodeStarSourceConnection",
        GitConfiguration=codepipeline.GitConfiguration(SourceActionName=origin.name, Push=filters),
    )


def _pushes(branch: str, paths: tuple[str, ...]) -> codepipeline.GitPushFilter:
    pushes = codepipeline.GitPushFilter(Branches=codepipeline.GitBranchFilterCriteria(Includes=[branch]))
    if paths:
        pushes.FilePaths = codepipeline.GitFilePathFilterCriteria(Includes=list(paths))
    return pushes


# https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html


def _connection(source: Source, connection: AWSHelperFn | None) -> dict[str, Any]:
    return {
        "ConnectionArn": connection,
        "FullRepositoryId": source.repository,
        "BranchName": source.branch,
        "OutputArtifactFormat": "CODE_ZIP",
        "DetectChanges": "false",  # the triggers do
    }


# https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html


def _codecommit(source: Source, _connection: AWSHelperFn | None) -> dict[str, Any]:
    return {
        "RepositoryName": source.repository,
        "BranchName": source.branch,
        "OutputArtifactFormat": "CODE_ZIP",
        "PollForSourceChanges": "false",  # an event rule starts the pipeline
    }


def _codecommit_pushed(source: Source) -> dict[str, Any]:
    return {
        "source": ["aws.codecommit"],
        "detail-type": ["CodeCommit Repository State Change"],
        "resources": [repository_arn(str(source.repository))],
        "detail": {
            "event": ["referenceCreated", "referenceUpdated"],
            "referenceType": ["branch"],
            "referenceName": [source.branch],
        },
    }


# https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html


def _s3(source: Source, _connection: AWSHelperFn | None) -> dict[str, Any]:
    return {
        "S3Bucket": source.bucket,
        "S3ObjectKey": source.object_key,
        "PollForSourceChanges": "false",  # an event rule starts the pipeline
    }


def _s3_uploaded(source: Source) -> dict[str, Any]:
    """The bucket has to send its events to EventBridge."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [source.bucket]}, "object": {"key": [source.object_key]}},
    }


SOURCES = {
    Provider.CONNECTION: SourceKind("CodeStarSourceConnection", "CommitId", True, _connection, None),
    Provider.CODECOMMIT: SourceKind("CodeCommit", "CommitId", True, _codecommit, _codecommit_pushed),
    Provider.S3: SourceKind("S3", "VersionId", False, _s3, _s3_uploaded),
}
