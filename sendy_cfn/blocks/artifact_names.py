"""Names of the artifact bucket and its key, which other accounts and regions know without asking.

The pipelines have one bucket and one key in each region they act in, all in the toolchain's account, each pair made by
`artifacts.yaml`: nested in the toolchain's root in its own region, deployed on its own in the others.
"""

from __future__ import annotations

from troposphere import Sub

OWN_ACCOUNT, OWN_REGION = "${AWS::AccountId}", "${AWS::Region}"


def key_alias(platform: str) -> str:
    """The key's alias, with its prefix."""
    return f"alias/{platform}-artifacts"


def bucket_name(platform: str, region: str = OWN_REGION, account: str = OWN_ACCOUNT) -> Sub:
    """The bucket of a region, in the toolchain's account.

    AWS: at most 63 characters; platform names of 16 and the longest region name make 54.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    return Sub(f"{platform}-artifacts-{account}-{region}")


def bucket_arn(platform: str, region: str = OWN_REGION, account: str = OWN_ACCOUNT) -> Sub:
    """The bucket's ARN."""
    return Sub(f"arn:${{AWS::Partition}}:s3:::{platform}-artifacts-{account}-{region}")


def key_alias_arn(platform: str, region: str = OWN_REGION) -> Sub:
    """The alias ARN of a region's key: what a pipeline in the toolchain's account names the key of another region by.

    CodePipeline resolves an alias only in the account that owns it. Roles of other accounts never name the key: they
    read objects, and S3 asks for the key that wrote them.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-codepipeline-pipeline-encryptionkey.html
    """
    return Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:{key_alias(platform)}")
