from __future__ import annotations

import yaml

from tests.stacks.deliveries import (
    ACCOUNT,
    BUCKET,
    KEY,
    REGION,
    delivery,
    every_variant,
    may,
    policy_statements,
    role_of,
    stores,
    trusted,
)


@every_variant
def test_builds_may_do_what_they_do(variant: str) -> None:
    found = delivery(variant)
    for action in found.by("CodeBuild"):
        project, home = found.project(action), found.home(action)
        role = role_of(project["ServiceRole"])
        statements = policy_statements(home, role)
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{project['Name']}"
        assert trusted(home, role, "codebuild.amazonaws.com", arn)
        assert may(statements, "logs:PutLogEvents", "BuildLogs.Arn")
        assert project["LogsConfig"]["CloudWatchLogs"]["GroupName"] == "BuildLogs.id"
        bucket = BUCKET if home is found.inner else f"courier-artifacts-{ACCOUNT}-{REGION}"
        for given in action["InputArtifacts"]:
            artifact = given["Name"][:10]
            assert may(statements, "s3:GetObject", f"arn:aws:s3:::{bucket}/courier-orders/{artifact}/x.zip")
        assert not may(statements, "s3:GetObject", f"arn:aws:s3:::{bucket}/courier-orders/Platform/x.zip")
        assert may(statements, "kms:Decrypt", KEY)
        reports = yaml.safe_load(project["Source"]["BuildSpec"]).get("reports", {})
        made = {group["Name"] for group in home.of_type("CodeBuild::ReportGroup").values()}
        for report in reports:
            name = f"{project['Name']}-{report}"  # how CodeBuild names the group of a report
            assert name in made
            for needed in ("CreateReport", "UpdateReport", "BatchPutTestCases"):
                group = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:report-group/{name}"
                assert may(statements, f"codebuild:{needed}", group)


@every_variant
def test_only_image_builds_push_and_only_to_their_repositories(variant: str) -> None:
    found = delivery(variant)
    for role in found.inner.of_type("IAM::Role"):
        statements = policy_statements(found.inner, role)
        for repository in ("Repository.Arn", "Cache.Arn"):
            assert may(statements, "ecr:PutImage", repository) is (role == "ImageRole")
        assert not may(statements, "ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/courier/pricing")
    environment = found.build("Image")["Environment"]["EnvironmentVariables"]
    uris = {v["Value"] for v in environment if v["Name"].endswith("_URI")}
    assert uris == {"Repository.RepositoryUri", "Cache.RepositoryUri"}


@every_variant
def test_the_pipeline_may_do_what_its_actions_do(variant: str) -> None:
    found = delivery(variant)
    role = role_of(found.pipeline["RoleArn"])
    statements = policy_statements(found.outer, role)
    assert trusted(
        found.outer, role, "codepipeline.amazonaws.com", f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:courier-orders"
    )
    for _, action in found.actions():
        configuration = action["Configuration"]
        match action["ActionTypeId"]["Provider"]:
            case "CodeBuild":
                project = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{found.project(action)['Name']}"
                needed = [("codebuild:StartBuild", project), ("codebuild:BatchGetBuilds", project)]
            case "CloudFormation":
                needed = [("sts:AssumeRole", action["RoleArn"])]
            case "Manual":
                needed = [("sns:Publish", configuration["NotificationArn"]), ("kms:GenerateDataKey", KEY)]
            case "CodeStarSourceConnection":
                connection = configuration["ConnectionArn"]
                prefixes = ("codeconnections", "codestar-connections")
                needed = [(f"{prefix}:UseConnection", connection) for prefix in prefixes]
            case "CodeCommit":
                repository = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{configuration['RepositoryName']}"
                needed = [(f"codecommit:{verb}", repository) for verb in ("GetBranch", "GetCommit", "UploadArchive")]
            case _:
                archive = f"arn:aws:s3:::{configuration['S3Bucket']}/{configuration['S3ObjectKey']}"
                needed = [("s3:GetObjectVersion", archive)]
        for verb, resource in needed:
            assert may(statements, verb, resource), (action["Name"], verb, resource)
    for store in stores(found).values():
        # CodePipeline takes the first 20 characters of the pipeline's name for its folder.
        assert may(statements, "s3:PutObject", f"arn:aws:s3:::{store['Location']}/{'courier-orders'[:20]}/Service/x")
        assert not may(statements, "s3:GetObject", f"arn:aws:s3:::{store['Location']}/courier-pricing/Service/x")


@every_variant
def test_no_role_may_everything(variant: str) -> None:
    found = delivery(variant)
    for stack in (found.outer, found.inner):
        for role in stack.of_type("IAM::Role"):
            for statement in policy_statements(stack, role):
                assert statement["Effect"] == "Allow"
                assert not any("*" in action for action in statement["Action"])
                # GetAuthorizationToken knows no resource.
                assert "*" not in statement["Resource"] or statement["Action"] == ["ecr:GetAuthorizationToken"]


@every_variant
def test_a_new_pipeline_runs_at_once_and_finds_its_permissions(variant: str) -> None:
    found = delivery(variant)
    assert "PipelinePolicy" in found.outer.depends_on("Pipeline")
    # The root makes the shared builds before any pipeline.
    assert all(found.project(action) for action in found.by("CodeBuild"))
