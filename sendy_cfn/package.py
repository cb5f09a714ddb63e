"""`make package ENV=test`: upload a root's nested templates and write the root that names them.

    python -m sendy_cfn.package --env ENVIRONMENT|toolchain [--bucket NAME] [--out build]

It runs `aws cloudformation package`, which replaces each relative TemplateURL by the address of an uploaded copy, named
by its content: an unchanged template keeps its address, so that CloudFormation sees no change.

Exit status 0 done, 1 failed, 2 bad input.
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from sendy_cfn import targets, whole
from sendy_cfn.aws import Account, FailedError, guarded
from sendy_cfn.errors import DONE
from sendy_cfn.generator import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sendy_cfn.config.model import Platform
    from sendy_cfn.targets import Target

CACHE = Path(".cache")
CAPABILITIES = ("CAPABILITY_IAM",)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line that `package` and `deploy` share."""

    place: str
    bucket: str | None
    out: Path
    params: Path
    templates: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Package every root of the place and print the command that deploys it; the exit status."""
    parser = shared_options("package", "Uploads nested templates.")
    return guarded("package", lambda: _run(options(parser.parse_args(arguments))))


def shared_options(program: str, description: str) -> argparse.ArgumentParser:
    """A parser with what `package` and `deploy` have in common."""
    parser = argparse.ArgumentParser(prog=f"python -m sendy_cfn.{program}", description=description)
    parser.add_argument("--env", required=True, metavar="NAME", help="an environment of platform.yaml, or toolchain")
    parser.add_argument("--bucket", metavar="NAME", help="for templates (<platform>-templates-<account>-<region>)")
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="packaged roots (build)")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="input (params)")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR", help="(templates)")
    return parser


def options(given: argparse.Namespace) -> Options:
    """The shared options of a parsed command line."""
    return Options(given.env, given.bucket, given.out, given.params, given.templates)


def _run(given: Options) -> int:
    platform = targets.load(given.params, given.templates, CACHE)
    for target in targets.find(platform, given.place):
        account = Account(target.region)
        account.check(target.account, target.place)
        packaged = package(platform, target, account, given)
        print(f"wrote {packaged}; to deploy it by hand:\n")
        arguments = deploy_arguments(target, packaged.file, given.templates)
        if packaged.too_long:
            arguments += ["--s3-bucket", packaged.bucket, "--s3-prefix", packaged.prefix]
        print(shlex.join([aws_cli(), *arguments, "--region", target.region]) + "\n")
    return DONE


class Packaged(NamedTuple):
    """A root whose nested templates are in S3."""

    file: Path  # `<out>/<place>/<root>.yaml`
    bucket: str
    prefix: str

    def __str__(self) -> str:
        """As the user finds it."""
        return str(self.file)

    @property
    def too_long(self) -> bool:
        """Whether its addresses in S3 made it longer than CloudFormation takes in a request."""
        return self.file.stat().st_size > MAX_BYTES

    def argument(self, account: Account) -> dict[str, str]:
        """How a request of CloudFormation's names it; uploads it where it has to be in S3."""
        if not self.too_long:
            return {"TemplateBody": self.file.read_text(encoding="utf-8")}
        key = f"{self.prefix}/{hashlib.sha256(self.file.read_bytes()).hexdigest()}.template"
        s3 = account.client("s3")
        s3.put_object(Bucket=self.bucket, Key=key, Body=self.file.read_bytes())
        return {"TemplateURL": f"{s3.meta.endpoint_url}/{self.bucket}/{key}"}


def package(platform: Platform, target: Target, account: Account, given: Options) -> Packaged:
    """Upload what the root nests; the packaged root.

    Raises:
        FailedError: the AWS CLI says no.
    """
    bucket = given.bucket or f"{platform.platform}-templates-{account.id}-{target.region}"
    if given.bucket is None:
        make_bucket(account, bucket)
    packaged = given.out / target.place / target.template
    packaged.parent.mkdir(parents=True, exist_ok=True)
    # Not AWS_REGION: where something goes is in platform.yaml.
    environment = {key: value for key, value in os.environ.items() if key not in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    with whole.replacing(packaged) as beside:  # what is there may be deployed by hand, so never half of it
        arguments = package_arguments(target, given.templates, bucket, beside)
        command = [aws_cli(), *arguments, "--region", target.region]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            said = " ".join(done.stderr.split()) or f"ended with {done.returncode}"
            raise FailedError(f"aws cloudformation package: {said}")
    return Packaged(packaged, bucket, target.place)


def aws_cli() -> str:
    """The AWS CLI that is installed beside this Python, as short as it can be written from here."""
    path = Path(sys.executable).with_name("aws")
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def package_arguments(target: Target, templates: Path, bucket: str, packaged: Path) -> list[str]:
    """Arguments of the AWS CLI, region apart, that package a root."""
    return [
        *("cloudformation", "package", "--template-file", str(templates / target.template)),
        *("--s3-bucket", bucket, "--s3-prefix", target.place, "--output-template-file", str(packaged)),
    ]


def deploy_arguments(target: Target, packaged: Path, templates: Path) -> list[str]:
    """Arguments of the AWS CLI, region apart, that deploy a packaged root with the generated values."""
    values = targets.parameters(target, templates)
    # Version 1 of the CLI takes no files here.
    return [
        *("cloudformation", "deploy", "--template-file", str(packaged), "--stack-name", target.stack),
        *("--no-fail-on-empty-changeset", "--capabilities", *CAPABILITIES),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in values.items())),
        *("--tags", *(f"{name}={value}" for name, value in targets.tags(target, templates).items())),
    ]


def make_bucket(account: Account, bucket: str) -> None:
    """Make the bucket for templates, private, encrypted and versioned, unless it is there.

    Raises:
        ClientError: it is another account's, or making buckets is not allowed.
    """
    s3 = account.client("s3")
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.id)
        return
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    print(f"making bucket {bucket} in {account.region} for templates")
    # AWS: us-east-1 is the place of buckets that name none, and can't be named.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
    place = {"LocationConstraint": account.region}
    s3.create_bucket(Bucket=bucket, **({} if account.region == "us-east-1" else {"CreateBucketConfiguration": place}))
    every = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(every, True))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(s3.meta.partition, bucket)))


def _tls_only(partition: str, bucket: str) -> dict[str, object]:
    arn = f"arn:{partition}:s3:::{bucket}"
    denied = {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [denied]}


if __name__ == "__main__":
    sys.exit(main())
