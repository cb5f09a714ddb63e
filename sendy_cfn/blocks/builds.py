"""CodeBuild projects of a service's pipeline, with their logs, reports and roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs import codebuild as codebuild_actions
from awacs import kms, logs, s3
from awacs.aws import Action, ArnEquals, Condition, Statement, StringEquals
from troposphere import AccountId, Sub, codebuild
from troposphere import logs as log

from sendy_cfn.blocks import build_calls, buildspecs, iam, settings
from sendy_cfn.blocks.settings import Stored
from sendy_cfn.blocks.skeleton import RETAINED
from sendy_cfn.config.words import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from awacs.aws import PolicyDocument
    from troposphere import AWSHelperFn
    from troposphere.iam import Role

    from sendy_cfn.blocks.build_calls import Place
    from sendy_cfn.blocks.build_variables import Variables

# Managed images, with the newest minor version.
# https://docs.aws.amazon.com/codebuild/latest/userguide/ec2-compute-images.html
HOSTS = {
    Architecture.AMD64: ("LINUX_CONTAINER", "aws/codebuild/amazonlinux-x86_64-standard:5.0"),
    Architecture.ARM64: ("ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:3.0"),
}
FOLDER_KEPT = 20  # characters of a pipeline's name in the paths of its artifacts
QUEUED_MINUTES = 30  # AWS: 5 to 480


@dataclass(frozen=True, slots=True)
class Build:
    """What distinguishes the kinds of build; the build specification has the same name."""

    description: str
    minutes: int  # then the build is stopped
    privileged: bool = False  # may run a container engine
    compute: str = "BUILD_GENERAL1_SMALL"


BUILDS = {
    "quality": Build("Checks the code of a commit, before it becomes an image", minutes=30),
    "image": Build("Builds the image and pushes it", minutes=60, privileged=True, compute="BUILD_GENERAL1_MEDIUM"),
    "smoke": Build("Checks that the deployed service is healthy and of the expected version", minutes=10),
    "regression": Build("Checks that the deployed service still does what it did", minutes=30),
    "load": Build("Checks latency and errors of the deployed service under load", minutes=30),
}
# Shared by all pipelines: they run no code of a service, and look at its image or its stack.
RELEASE_BUILDS = {
    "author": Build("Finds out who wrote the commit", minutes=10),
    "scan": Build("Checks what the registry's scan found in an image", minutes=30),
    "state": Build("Finds out which side of a service is live, and what a release has to change", 15),
    "verify": Build("Watches a service after its switch to the other cluster", minutes=120),
    "revision": Build("Writes the task definition and the AppSpec that CodeDeploy releases", 15),
}


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all builds of a pipeline have in common."""

    prefix: str  # of projects and reports: <platform>-<service>
    bucket_arn: str  # of the artifacts, for Sub
    key: AWSHelperFn  # encrypts artifacts and logs
    logs: log.LogGroup

    def report_name(self, kind: str) -> str:
        """Name of a report group: what CodeBuild looks for when the build specification says `reports: <kind>:`.

        https://docs.aws.amazon.com/codebuild/latest/userguide/test-report-group-naming.html
        """
        return f"{project_name(self.prefix, kind)}-{kind}"


def project_name(prefix: str, kind: str) -> str:
    """Name of a project, `prefix` being <platform>-<service>.

    Given, because policies name a project before it exists, and lists in the console show nothing else.
    """
    return f"{prefix}-{kind}"


def arn_of_project(name: str) -> Sub:
    """ARN of a project."""
    return _arn(f"project/{name}")


def report_page(prefix: str, kind: str) -> str:
    """The console's page with the reports of a kind, for Sub."""
    group = f"{project_name(prefix, kind)}-{kind}"
    place = "${AWS::Region}.console.aws.amazon.com/codesuite/codebuild/${AWS::AccountId}/testReports/reportGroups"
    return f"https://{place}/{group}?region=${{AWS::Region}}"


def _arn(resource: str) -> Sub:
    return Sub(f"arn:${{AWS::Partition}}:codebuild:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def log_group(key: AWSHelperFn, retention: AWSHelperFn) -> log.LogGroup:
    """One log group for all builds of a pipeline, a stream per kind."""
    return log.LogGroup("BuildLogs", **RETAINED, KmsKeyId=key, RetentionInDays=retention)


def artifacts_of(bucket_arn: str, pipeline: str, artifact: str = "*") -> Sub:
    """ARN pattern of artifacts, by names or patterns of pipeline and artifact; the bucket's ARN is a text for Sub.

    CodePipeline files them under both names, of which it takes the beginning: 20 characters of the pipeline's, 10 of
    the artifact's.
    """
    folder = pipeline if len(pipeline) <= FOLDER_KEPT else f"{pipeline[:FOLDER_KEPT]}*"
    return Sub(f"{bucket_arn}/{folder}/{artifact}")


def project(
    shop: Workshop, kind: str, role: Role, variables: Variables, architecture: Architecture
) -> codebuild.Project:
    """The project `<Kind>Project`, whose builds see the variables as they are: nothing in them is replaced."""
    build = (BUILDS | RELEASE_BUILDS)[kind]
    host, image = HOSTS[architecture]
    return codebuild.Project(
        f"{kind.capitalize()}Project",
        Name=project_name(shop.prefix, kind),
        Description=build.description,
        ServiceRole=role.get_att("Arn"),
        EncryptionKey=shop.key,
        Source=codebuild.Source(Type="CODEPIPELINE", BuildSpec=buildspecs.load(kind)),
        Artifacts=codebuild.Artifacts(Type="CODEPIPELINE"),
        Environment=codebuild.Environment(
            Type=host,
            Image=image,
            ComputeType=build.compute,
            PrivilegedMode=build.privileged,
            EnvironmentVariables=[
                codebuild.EnvironmentVariable(Name=name, Value=value.name, Type="PARAMETER_STORE")
                if isinstance(value, Stored)
                else codebuild.EnvironmentVariable(Name=name, Value=value, Type="PLAINTEXT")
                for name, value in variables.items()
            ],
        ),
        LogsConfig=codebuild.LogsConfig(
            CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=shop.logs.ref(), StreamName=kind)
        ),
        TimeoutInMinutes=build.minutes,
        QueuedTimeoutInMinutes=QUEUED_MINUTES,
    )


def report_group(shop: Workshop, kind: str) -> codebuild.ReportGroup:
    """The group `<Kind>Reports`. Made here so that it goes with the stack: one made by a build would stay."""
    return codebuild.ReportGroup(
        f"{kind.capitalize()}Reports",
        Name=shop.report_name(kind),
        Type="TEST",
        DeleteReports=True,
        ExportConfig=codebuild.ReportExportConfig(ExportConfigType="NO_EXPORT"),
    )


def trust(prefix: str, kinds: list[str]) -> PolicyDocument:
    """Only builds of the projects of these kinds take on the role."""
    return iam.trust(
        "codebuild.amazonaws.com",
        Condition(
            [
                StringEquals({"aws:SourceAccount": AccountId}),
                ArnEquals({"aws:SourceArn": [arn_of_project(project_name(prefix, kind)) for kind in kinds]}),
            ]
        ),
    )


def statements(
    shop: Workshop, kinds: Mapping[str, Variables], sources: Sub, places: Mapping[str, Place]
) -> list[Statement]:
    """What builds of these kinds need.

    That is: their source, the key, a place for their logs and reports, what their specifications call, and values of
    their variables.

    Args:
        shop: what they have in common.
        kinds: kinds of build, with their variables.
        sources: ARN pattern of the artifacts that they get.
        places: what their calls work on.

    Raises:
        LookupError: nothing says what one of their calls needs.
    """
    return [
        iam.allow("WriteLogs", [logs.CreateLogStream, logs.PutLogEvents], shop.logs.get_att("Arn")),
        iam.allow("ReadArtifacts", [s3.GetObject, s3.GetObjectVersion], sources),
        iam.allow("UseKey", [kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey], shop.key),
        *_reports(shop, kinds),
        *build_calls.statements(kinds, places),
        *settings.reading(value for variables in kinds.values() for value in variables.values()),
    ]


def _reports(shop: Workshop, kinds: Iterable[str]) -> list[Statement]:
    groups = [_arn(f"report-group/{shop.report_name(kind)}") for kind in kinds if buildspecs.reports(kind)]
    if not groups:
        return []
    actions = [
        codebuild_actions.CreateReportGroup,  # asked for before every report, although the group exists
        codebuild_actions.CreateReport,
        codebuild_actions.UpdateReport,
        Action("codebuild", "BatchPutTestCases"),
    ]
    return [iam.allow("WriteReports", actions, *groups)]
