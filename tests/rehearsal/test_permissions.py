"""Roles of the emulator, asked by the policy simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from emulator import Emulator
from rehearsal import permissions
from rehearsal.aws import Place
from rehearsal.calls import Call
from rehearsal.events import RehearsalError
from rehearsal.permissions import DeniedError, Need, Permissions
from tests.rehearsal.deployed import ALL, Account, account, allow

REGION = "eu-central-1"
REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/courier/orders"
STACK = "arn:aws:cloudformation:{region}:{account}:stack/courier-test-orders/*"


@pytest.fixture
def here(emulator: Emulator) -> Account:
    return account(emulator)


def asked(here: Account) -> Permissions:
    return Permissions(here.aws, here.events)


def filled(here: Account, text: str) -> str:
    return text.format(region=here.place.region, account=here.place.account)


def call(text: str, key: str = "own") -> Call:
    command, *arguments = text.split()
    return Call(key, command, tuple(arguments))


def test_a_role_below_a_path_has_to_allow_every_resource(here: Account) -> None:
    role = here.role("builder", allow("s3:GetObject", on="arn:aws:s3:::bucket/a/*"), path="/courier/")
    check = asked(here).check
    check(role, REGION, [Need("s3:GetObject", ("arn:aws:s3:::bucket/a/1", "arn:aws:s3:::bucket/a/2"))], "copy")
    message = "^copy: AccessDenied, role builder does not allow s3:GetObject on arn:aws:s3:::bucket/b$"
    with pytest.raises(DeniedError, match=message):
        check(role, REGION, [Need("s3:GetObject", ("arn:aws:s3:::bucket/a/1", "arn:aws:s3:::bucket/b"))], "copy")
    with pytest.raises(DeniedError, match="s3:PutObject"):
        check(role, REGION, [Need("s3:PutObject", ("arn:aws:s3:::bucket/a/1",))], "copy")


def test_a_role_that_is_not_there_allows_nothing(here: Account) -> None:
    with pytest.raises(DeniedError, match="role gone"):
        asked(here).check(f"arn:aws:iam::{here.place.account}:role/gone", REGION, [Need("s3:ListAllMyBuckets")], "x")


def test_a_denial_wins(here: Account) -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"}
    role = here.role("reader", ALL, deny)
    asked(here).check(role, REGION, [Need("s3:GetObject", ("arn:aws:s3:::open/1",))], "x")
    with pytest.raises(DeniedError):
        asked(here).check(role, REGION, [Need("s3:GetObject", ("arn:aws:s3:::secret/1",))], "x")


def test_conditions_see_what_the_service_sends_along(here: Account) -> None:
    only = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    role = here.role("deployer", allow("iam:PassRole", StringEquals=only))
    asked(here).check(role, REGION, [Need("iam:PassRole", ("*",), tuple(only.items()))], "x")
    for context in ((), (("iam:PassedToService", "ecs-tasks.amazonaws.com"),)):
        with pytest.raises(DeniedError):
            asked(here).check(role, REGION, [Need("iam:PassRole", ("*",), context)], "x")


# What is called, and the one statement that allows it.
BUILD_CALLS = (
    (
        "docker buildx build . --output type=image,name={registry}/courier/orders:c0ffee,push=true",
        ("ecr:*",),
        REPOSITORY,
    ),
    ("aws ecr get-login-password --region {region}", ("ecr:GetAuthorizationToken",), "*"),
    ("aws ecr batch-get-image --repository-name courier/orders", ("ecr:BatchGetImage",), REPOSITORY),
    (
        "aws ecr describe-image-scan-findings --repository-name courier/orders",
        ("ecr:DescribeImageScanFindings",),
        REPOSITORY,
    ),
    ("aws ecr start-image-scan --repository-name=courier/orders", ("ecr:StartImageScan",), REPOSITORY),
    ("aws sts assume-role --role-arn arn:aws:iam::1:role/reader", ("sts:AssumeRole",), "arn:aws:iam::1:role/reader"),
    ("aws cloudformation describe-stacks --stack-name courier-test-orders", ("cloudformation:DescribeStacks",), STACK),
    (
        "aws ecs describe-services --cluster arn:x:1:cluster/blue --services arn:x:1:service/blue/orders two",
        ("ecs:DescribeServices",),
        ["arn:aws:ecs:{region}:{account}:service/blue/orders", "arn:aws:ecs:{region}:{account}:service/blue/two"],
    ),
    ("aws ecs describe-task-definition --task-definition orders:1", ("ecs:DescribeTaskDefinition",), "*"),
    (
        "aws cloudwatch describe-alarms --alarm-names one two",
        ("cloudwatch:DescribeAlarms",),
        ["arn:aws:cloudwatch:{region}:{account}:alarm:one", "arn:aws:cloudwatch:{region}:{account}:alarm:two"],
    ),
)


@pytest.mark.parametrize(("text", "actions", "on"), BUILD_CALLS, ids=[" ".join(c[0].split()[:3]) for c in BUILD_CALLS])
def test_each_call_of_a_build_needs_its_permission(
    here: Account, text: str, actions: tuple[str, ...], on: str | list[str]
) -> None:
    registry = f"{here.place.account}.dkr.ecr.{here.place.region}.amazonaws.com"
    made = call(text.format(registry=registry, region=here.place.region))
    resources = [filled(here, arn) for arn in ([on] if isinstance(on, str) else on)]
    good = here.role("good", allow(*actions, on=resources))
    poor = here.role("poor", allow("s3:*"))
    # One of several resources is missing, or the permission is for another one.
    narrow = here.role("narrow", allow(*actions, on=resources[:-1] or [f"{resources[0]}-other"]))
    asked(here).check_build(good, here.place, "own", [made], "build image")
    for role in (poor, narrow) if on != "*" else (poor,):
        with pytest.raises(DeniedError, match=f"^build image, {made.command} .*{actions[0].partition(':')[0]}:"):
            asked(here).check_build(role, here.place, "own", [made], "build image")
    assert here.events.missing == {}


def test_a_push_needs_every_step_of_it(here: Account) -> None:
    steps = ["BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"]
    registry = f"{here.place.account}.dkr.ecr.{here.place.region}.amazonaws.com"
    push = call(f"docker buildx build . --output type=image,name={registry}/a:b,push=true")
    for left_out in steps:
        role = here.role(left_out, allow(*(f"ecr:{step}" for step in steps if step != left_out)))
        with pytest.raises(DeniedError, match=f"does not allow ecr:{left_out} on"):
            asked(here).check_build(role, here.place, "own", [push], "x")


def test_a_build_without_a_push_needs_nothing(here: Account) -> None:
    role = here.role("poor")
    made = [call("docker buildx build . --output type=cacheonly"), call("docker login"), call("curl https://x")]
    asked(here).check_build(role, here.place, "own", made, "x")


def test_a_command_that_no_table_has_is_left_out_by_name(here: Account) -> None:
    asked(here).check_build(here.role("poor"), here.place, "own", [call("aws s3 ls"), call("aws s3 ls")], "x")
    assert list(here.events.missing) == ["permission for 'aws s3 ls'"]


def test_a_call_without_what_it_needs_is_an_error_that_names_it(here: Account) -> None:
    made = call("aws ecs describe-services --services a")
    with pytest.raises(RehearsalError, match="'aws ecs describe-services' is called without --cluster"):
        asked(here).check_build(here.role("all", ALL), here.place, "own", [made], "x")


def test_after_assume_role_the_other_role_is_asked_where_its_key_is_used(emulator: Emulator) -> None:
    here, there = account(emulator), account(emulator)
    reader = there.role("reader", allow("ecs:DescribeTaskDefinition"))
    builder = here.role("builder", allow("sts:AssumeRole", on=reader))
    taken = call(f"aws sts assume-role --role-arn {reader}")
    read = "aws ecs describe-task-definition --task-definition orders"
    asked(here).check_build(builder, here.place, "own", [taken, call(read, "taken")], "x")
    with pytest.raises(DeniedError, match="role builder does not allow ecs:DescribeTaskDefinition"):
        asked(here).check_build(builder, here.place, "own", [taken, call(read)], "x")
    services = call("aws ecs describe-services --cluster c --services s", "taken")
    with pytest.raises(DeniedError, match="role reader does not allow ecs:DescribeServices"):
        asked(here).check_build(builder, here.place, "own", [taken, services], "x")


def test_the_region_of_a_call_counts(here: Account) -> None:
    on = f"arn:aws:cloudwatch:eu-west-1:{here.place.account}:alarm:a"
    role = here.role("watcher", allow("cloudwatch:DescribeAlarms", on=on))
    text = "aws cloudwatch describe-alarms --alarm-names a"
    asked(here).check_build(role, here.place, "own", [call(f"{text} --region eu-west-1")], "x")
    with pytest.raises(DeniedError):
        asked(here).check_build(role, here.place, "own", [call(text)], "x")


def test_starting_a_build(here: Account) -> None:
    arn = f"arn:aws:codebuild:{REGION}:{here.place.account}:project/image"
    needs = permissions.start_build(arn)
    asked(here).check(
        here.role("good", allow("codebuild:StartBuild", "codebuild:BatchGetBuilds", on=arn)), REGION, needs, "x"
    )
    with pytest.raises(DeniedError, match="codebuild:BatchGetBuilds"):
        asked(here).check(here.role("poor", allow("codebuild:StartBuild", on=arn)), REGION, needs, "x")


DEPLOY = ("cloudformation:DescribeStacks", "cloudformation:CreateStack", "cloudformation:UpdateStack")


def deploying(here: Account, role: str, passing: str = "") -> None:
    needs = permissions.deploy_stack(here.place, "courier-test-orders", passing)
    asked(here).check(role, here.place.region, needs, "x")


@pytest.mark.parametrize("left_out", [*DEPLOY, "iam:PassRole"])
def test_deploying_a_stack_with_a_role_needs_all_of_it(here: Account, left_out: str) -> None:
    passed = here.role("cloudformation", ALL)
    stack = allow(*(name for name in DEPLOY if name != left_out), on=filled(here, STACK))
    to = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    passes = [allow("iam:PassRole", on=passed, StringEquals=to)] if left_out != "iam:PassRole" else []
    with pytest.raises(DeniedError, match=left_out):
        deploying(here, here.role("poor", stack, *passes), passed)
    deploying(here, here.role("good", allow(*DEPLOY, on=filled(here, STACK)), allow("iam:PassRole", on=passed)), passed)


def test_a_role_that_may_only_deploy_with_a_certain_role(here: Account) -> None:
    passed = f"arn:aws:iam::{here.place.account}:role/cloudformation"
    only = allow(*DEPLOY[1:], StringEquals={"cloudformation:RoleArn": passed})
    role = here.role("deployer", allow(DEPLOY[0]), only, allow("iam:PassRole"))
    deploying(here, role, passed)
    for other in (f"{passed}-other", ""):
        with pytest.raises(DeniedError, match="cloudformation:CreateStack"):
            deploying(here, role, other)


def container(image: str = "nginx", *secrets: str) -> Mapping[str, Any]:
    return {"image": image, "secrets": [{"name": "X", "valueFrom": source} for source in secrets]}


def starting(here: Account, role: str, *containers: Mapping[str, Any]) -> None:
    needs = permissions.start_task({"containerDefinitions": list(containers)}, here.place)
    asked(here).check(role, here.place.region, needs, "x")


@pytest.mark.parametrize("end", ["@sha256:abc", ":c0ffee", ":c0ffee@sha256:abc", ""])
def test_an_image_of_ecr_is_pulled_with_the_execution_role(emulator: Emulator, end: str) -> None:
    here, registry = account(emulator), Place("333333333333", "eu-west-1")
    image = f"{registry.account}.dkr.ecr.{registry.region}.amazonaws.com/courier/orders{end}"
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    on = REPOSITORY.format(region=registry.region, account=registry.account)
    token = allow("ecr:GetAuthorizationToken")
    starting(here, here.role("good", token, allow(*pull, on=on)), container(image))
    for left_out in pull:
        role = here.role(left_out[4:], token, allow(*(name for name in pull if name != left_out), on=on))
        with pytest.raises(DeniedError, match=left_out):
            starting(here, role, container(image))
    with pytest.raises(DeniedError, match="ecr:GetAuthorizationToken"):
        starting(here, here.role("poor", allow(*pull, on=on)), container(image))


def test_an_image_from_elsewhere_needs_nothing(here: Account) -> None:
    starting(here, here.role("poor"), container(), container("public.ecr.aws/docker/library/nginx:1"))


@pytest.mark.parametrize(
    ("source", "action", "on"),
    [
        ("/courier/key", "ssm:GetParameters", "arn:aws:ssm:{region}:{account}:parameter/courier/key"),
        ("key", "ssm:GetParameters", "arn:aws:ssm:{region}:{account}:parameter/key"),
        ("arn:aws:ssm:us-east-1:1:parameter/a", "ssm:GetParameters", "arn:aws:ssm:us-east-1:1:parameter/a"),
        (
            "arn:aws:secretsmanager:{region}:{account}:secret:courier/db:password::",
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:{region}:{account}:secret:courier/db-??????",
        ),
        (
            "arn:aws:secretsmanager:{region}:{account}:secret:courier/db",
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:{region}:{account}:secret:courier/db-*",
        ),
    ],
)
def test_a_secret_is_read_with_the_execution_role(here: Account, source: str, action: str, on: str) -> None:
    used = container("nginx", filled(here, source))
    starting(here, here.role("good", allow(action, on=filled(here, on))), used)
    # A policy for the bare name does not fit what Secrets Manager makes of it.
    bare = filled(here, on).removesuffix("-??????").removesuffix("-*")
    poor = here.role("poor", allow(action, on=bare if bare != filled(here, on) else f"{bare}-other"))
    with pytest.raises(DeniedError, match=action):
        starting(here, poor, used)
