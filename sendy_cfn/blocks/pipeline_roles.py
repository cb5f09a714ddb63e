"""What a service's pipeline itself may do: hand on artifacts, run its builds, take on the environments' roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import codebuild, kms, s3, sns, sts
from awacs.aws import ArnEqualsIfExists, Condition, ForAnyValueStringEquals, StringEqualsIfExists
from troposphere import AccountId, Sub

from sendy_cfn.blocks import iam
from sendy_cfn.blocks.builds import artifacts_of

if TYPE_CHECKING:
    from awacs.aws import PolicyDocument, Statement
    from troposphere import AWSHelperFn

    from sendy_cfn.blocks.pipeline_sources import Origin

    Value = AWSHelperFn | str

USE_KEY = [kms.Decrypt, kms.DescribeKey, kms.Encrypt, kms.GenerateDataKey, kms.ReEncryptFrom, kms.ReEncryptTo]


def pipeline_arn(name: str) -> Sub:
    """ARN of a pipeline, for policies that exist before it."""
    return Sub(f"arn:${{AWS::Partition}}:codepipeline:${{AWS::Region}}:${{AWS::AccountId}}:{name}")


def trust(name: str) -> PolicyDocument:
    """Only this pipeline takes on the role."""
    # IfExists: AWS documents neither key for this service; a trust that it can't meet would stop the whole toolchain.
    here = [
        StringEqualsIfExists({"aws:SourceAccount": AccountId}),
        ArnEqualsIfExists({"aws:SourceArn": pipeline_arn(name)}),
    ]
    return iam.trust("codepipeline.amazonaws.com", Condition(here))


def artifacts(bucket_arns: list[str], key: AWSHelperFn, pipeline: str) -> list[Statement]:
    """Hand artifacts from action to action, through buckets whose ARNs are texts for Sub.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
    """
    # The connection uploads the source with an ACL in the request, though the bucket has none.
    objects = [s3.GetObject, s3.GetObjectVersion, s3.PutObject, s3.PutObjectAcl]
    return [
        iam.allow("HandOnArtifacts", objects, *[artifacts_of(arn, pipeline) for arn in bucket_arns]),
        iam.allow(
            "LookAtBuckets",
            [s3.GetBucketAcl, s3.GetBucketLocation, s3.GetBucketVersioning],
            *map(Sub, bucket_arns),
        ),
        iam.allow("UseKey", USE_KEY, key),  # also for the topic
    ]


def keys_elsewhere(regions: list[str], alias: str) -> list[Statement]:
    """Use the keys of artifact buckets in other regions, of which only the alias is known.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    if not regions:
        return []
    keys = [Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:key/*") for region in regions]
    named = Condition(ForAnyValueStringEquals({"kms:ResourceAliases": [alias]}))
    return [iam.allow("UseKeysElsewhere", USE_KEY, *keys, condition=named)]


def reading(sources: list[Origin], connection: AWSHelperFn | None) -> list[Statement]:
    """Read the sources; two of them may share a statement."""
    found = [statement for of in sources for statement in of.kind.permit(of.source, connection, of.name)]
    return list({statement.properties["Sid"]: statement for statement in found}.values())


def acting(projects: list[Value], environments: list[AWSHelperFn]) -> list[Statement]:
    """Run the builds, and take on the environments' roles."""
    return [
        iam.allow("RunBuilds", [codebuild.StartBuild, codebuild.BatchGetBuilds], *projects),
        iam.allow("EnterEnvironments", [sts.AssumeRole], *environments),
    ]


def asking(topic: AWSHelperFn, *, needed: bool) -> list[Statement]:
    """Ask people for approval, where any is needed."""
    return [iam.allow("AskForApproval", [sns.Publish], topic)] if needed else []
