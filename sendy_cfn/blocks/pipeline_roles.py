"""Who takes on the role of a service's pipeline, and what it may do whatever its stages are: hand on artifacts.

What its actions and rules call is in `pipeline_calls`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms, s3
from awacs.aws import ArnEqualsIfExists, Condition, ForAnyValueStringEquals, StringEqualsIfExists
from troposphere import AccountId, Sub

from sendy_cfn.blocks import iam
from sendy_cfn.blocks.builds import artifacts_of

if TYPE_CHECKING:
    from awacs.aws import PolicyDocument, Statement
    from troposphere import AWSHelperFn

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
