from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.checks import actions, lint
from sendy_cfn.checks.action_types import ACTION_TYPES, GUIDE, RULE_TYPES
from sendy_cfn.checks.findings import Finding

REPOSITORY = Path(__file__).parents[2]

# Every provider, every rule and every kind of condition, each without a mistake.
PIPELINE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Connection: {Type: String}
  Window: {Type: String}
Resources:
  Builds:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: builds.yaml
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      PipelineType: V2
      Variables:
        - Name: Reason
      Stages:
        - Name: Source
          Actions:
            - Name: Service
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeStarSourceConnection, Version: '1'}
              Configuration:
                ConnectionArn: !Ref Connection
                FullRepositoryId: courier/orders
                BranchName: main
                OutputArtifactFormat: CODE_ZIP
                DetectChanges: 'false'
              OutputArtifacts: [{Name: Service}]
              Namespace: ServiceSource
            - Name: Platform
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: '1'}
              Configuration:
                RepositoryName: platform
                BranchName: main
                PollForSourceChanges: 'false'
              OutputArtifacts: [{Name: Platform}]
            - Name: Data
              ActionTypeId: {Category: Source, Owner: AWS, Provider: S3, Version: '1'}
              Configuration:
                S3Bucket: !Sub "${AWS::AccountId}-data"
                S3ObjectKey: data.zip
              OutputArtifacts: [{Name: Data}]
            - Name: Base
              ActionTypeId: {Category: Source, Owner: AWS, Provider: ECR, Version: '1'}
              Configuration:
                RepositoryName: base
              OutputArtifacts: [{Name: Base}]
        - Name: Build
          Actions:
            - Name: Image
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: !GetAtt Builds.Outputs.ImageProject
                PrimarySource: Service
                EnvironmentVariables: '[{"name": "COMMIT_ID", "value": "#{ServiceSource.CommitId}"}]'
              InputArtifacts: [{Name: Service}, {Name: Data}]
              Namespace: Build
          BeforeEntry:
            Conditions:
              - Result: SKIP
                Rules:
                  - Name: OnMain
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: VariableCheck, Version: '1'}
                    Configuration:
                      Variable: '#{ServiceSource.BranchName}'
                      Operator: EQ
                      Value: main
                  - Name: Asked
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: LambdaInvoke, Version: '1'}
                    Configuration: {FunctionName: ask}
          OnFailure:
            Result: RETRY
            RetryConfiguration: {RetryMode: FAILED_ACTIONS}
        - Name: Approve
          Actions:
            - Name: Approve
              ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: '1'}
              Configuration:
                NotificationArn: !Sub "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:news"
                CustomData: '#{Build.IMAGE_URI} because of #{variables.Reason}, #{codepipeline.PipelineExecutionId}'
                ExternalEntityLink: https://github.com/courier/orders/commit/#{ServiceSource.CommitId}
              TimeoutInMinutes: 1440
        - Name: Deploy
          BeforeEntry:
            Conditions:
              - Result: FAIL
                Rules:
                  - Name: Window
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: DeploymentWindow, Version: '1'}
                    Configuration:
                      Cron: '* * 9-16 ? * MON-THU,FRI *'
                      TimeZone: Europe/Berlin
          Actions:
            - Name: Deploy
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: '1'}
              Configuration:
                ActionMode: CREATE_UPDATE
                StackName: courier-test-orders
                TemplatePath: Platform::templates/service.yaml
                TemplateConfiguration: Platform::templates/config/service.json
                ParameterOverrides: '{"Image": "#{Build.IMAGE_URI}"}'
                Capabilities: CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND
                RoleArn: arn:aws:iam::123456789012:role/deploy
              InputArtifacts: [{Name: Platform}]
              Namespace: DeployTest
            - Name: Revision
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: !Sub "${AWS::StackName}-revision"
                EnvironmentVariables: '[{"name": "URL", "value": "#{DeployTest.ServiceUrl}", "type": "PLAINTEXT"}]'
              InputArtifacts: [{Name: Service}]
              OutputArtifacts: [{Name: Revision}]
              RunOrder: 2
            - Name: Shift
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CodeDeployToECS, Version: '1'}
              Configuration:
                ApplicationName: orders
                DeploymentGroupName: orders
                TaskDefinitionTemplateArtifact: Revision
                AppSpecTemplateArtifact: Revision
                AppSpecTemplatePath: appspec.yaml
                Image1ArtifactName: Base
                Image1ContainerName: IMAGE
              InputArtifacts: [{Name: Revision}, {Name: Base}]
              RunOrder: 3
            - Name: Verify
              ActionTypeId: {Category: Test, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: verify
              InputArtifacts: [{Name: Service}]
              RunOrder: 4
              Namespace: Verify
          OnSuccess:
            Conditions:
              - Result: FAIL
                Rules:
                  - Name: Verdict
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: VariableCheck, Version: '1'}
                    Configuration: {Variable: '#{Verify.VERDICT}', Operator: EQ, Value: good}
                  - Name: Quiet
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: CloudWatchAlarm, Version: '1'}
                    Configuration:
                      AlarmName: orders-errors
                      WaitTime: '10'
                  - Name: Again
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: CodeBuild, Version: '1'}
                    Configuration: {ProjectName: verify}
                    InputArtifacts: [{Name: Revision}]
          OnFailure:
            Conditions:
              - Result: ROLLBACK
                Rules:
                  - Name: Reachable
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: Commands, Version: '1'}
                    Commands: [curl -f https://orders.example]
"""
BUILDS = """\
Resources:
  Image:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: image
      Source:
        BuildSpec: |
          env:
            exported-variables: [IMAGE_URI]
  Revision:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: !Sub "${AWS::StackName}-revision"
      Source: {BuildSpec: 'env: {}'}
  Verify:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: verify
      Source:
        BuildSpec: !Sub |
          env:
            exported-variables: [VERDICT, "${AWS::Region}"]
Outputs:
  ImageProject: {Value: !Ref Image}
"""
SERVICE = """\
Parameters:
  Image: {Type: String}
Outputs:
  ServiceUrl: {Value: https://orders.example}
"""
TEXTS = {"pipeline.yaml": PIPELINE, "builds.yaml": BUILDS, "service.yaml": SERVICE}

# What is replaced, by what; the rule, the place and a part of the message that have to be reported.
MISTAKES = [
    # types
    ("Provider: ECR", "Provider: Nexus", "unknown-type", "Source.Base", "provider 'Nexus' has no entry"),
    ("{Category: Approval", "{Category: Test", "unknown-type", "Approve.Approve", "category 'Test' of Manual"),
    ("Owner: AWS, Provider: S3", "Owner: Custom, Provider: S3", "unknown-type", "Source.Data", "owner 'Custom'"),
    ("CodeCommit, Version: '1'", "CodeCommit, Version: '2'", "unknown-type", "Source.Platform", "version '2'"),
    ("CodeCommit, Version: '1'", "CodeCommit, Version: 1", "unknown-type", "Source.Platform", "version 1"),
    ("Provider: CloudWatchAlarm", "Provider: S3", "unknown-type", "Deploy.OnSuccess.Quiet", "provider 'S3'"),
    # keys
    ("StackName:", "Stackname:", "unknown-key", "Deploy.Deploy", "perhaps StackName?"),
    ("WaitTime: '10'", "WaitMinutes: '10'", "unknown-key", "Deploy.OnSuccess.Quiet", "no key of CloudWatchAlarm"),
    ("BranchName: main\n                Poll", "Poll", "missing-key", "Source.Platform", "BranchName is missing"),
    ("StackName: courier-test-orders", "OutputFileName: a", "missing-key", "Deploy.Deploy", "StackName is missing"),
    ("RoleArn: arn:aws:iam::123456789012:role/deploy", "", "missing-key", "Deploy.Deploy", "RoleArn is missing"),
    ("CREATE_UPDATE", "CHANGE_SET_EXECUTE", "missing-key", "Deploy.Deploy", "ChangeSetName is missing"),
    ("PrimarySource: Service", "BatchEnabled: 'true'", "missing-key", "Build.Image", "PrimarySource is missing"),
    ("PrimarySource:", "CombineArtifacts: 'true'\n                PrimarySource:", "missing-key", "Build.Image", ""),
    ("Image1ContainerName: IMAGE", "", "missing-key", "Deploy.Shift", "Image1ContainerName is missing beside"),
    ("AlarmName: orders-errors", "", "missing-key", "Deploy.OnSuccess.Quiet", "AlarmName is missing"),
    ("Commands: [curl -f https://orders.example]", "", "missing-key", "Deploy.OnFailure.Reachable", "Commands is miss"),
    # values
    ("DetectChanges: 'false'", "DetectChanges: false", "not-text", "Source.Service", "False is no text; quote it"),
    ("WaitTime: '10'", "WaitTime: 10", "not-text", "Deploy.OnSuccess.Quiet", "10 is no text"),
    ("AlarmName: orders-errors", "AlarmName: [a]", "not-text", "Deploy.OnSuccess.Quiet", "['a'] is no text"),
    ("DetectChanges: 'false'", "DetectChanges: 'no'", "wrong-value", "Source.Service", "expected true or false"),
    ("CODE_ZIP", "ZIP", "wrong-value", "Source.Service", "expected CODE_ZIP or CODEBUILD_CLONE_REF"),
    ("CREATE_UPDATE", "UPDATE", "wrong-value", "Deploy.Deploy", "'UPDATE', expected CREATE_UPDATE or"),
    ("CREATE_UPDATE", "!If [A, CREATE_UPDATE, UPDATE]", "wrong-value", "Deploy.Deploy", "'UPDATE', expected"),
    ("!Ref Connection\n", "github\n", "wrong-value", "Source.Service", "'github' is no ARN"),
    ('"arn:${AWS::Partition}:sns', '"${AWS::Partition}:sns', "wrong-value", "Approve.Approve", "is no ARN"),
    ("https://github.com", "github.com", "wrong-value", "Approve.Approve", "is no URL"),
    ('{Build.IMAGE_URI}"}', "{Build.IMAGE_URI}}", "wrong-value", "Deploy.Deploy", "not a JSON object"),
    ('"#{Build.IMAGE_URI}"}', "7}", "wrong-value", "Deploy.Deploy", "parameter Image is not a text"),
    ('CommitId}"}]', 'CommitId}"}', "wrong-value", "Build.Image", "not a JSON list"),
    ('"COMMIT_ID", "value"', '"COMMIT_ID", "Value"', "wrong-value", "Build.Image", "expected name, value and perhaps"),
    ('"COMMIT_ID"', '"COMMIT-ID"', "wrong-value", "Build.Image", "can't be the name of an environment variable"),
    ('"#{ServiceSource.CommitId}"}', "1}", "wrong-value", "Build.Image", "not everything is a text"),
    ('"PLAINTEXT"', '"PLAIN"', "wrong-value", "Deploy.Revision", "type 'PLAIN'"),
    ('CommitId}"}]', 'CommitId}"}, {"name": "COMMIT_ID", "value": ""}]', "wrong-value", "Build.Image", "there twice"),
    ("TemplatePath: Platform::", "TemplatePath: ", "wrong-value", "Deploy.Deploy", "expected Artifact::path/of/file"),
    ("TemplatePath: Platform::", "TemplatePath: Data::", "wrong-value", "Deploy.Deploy", "'Data' is not an input"),
    ("PrimarySource: Service", "PrimarySource: Platform", "wrong-value", "Build.Image", "'Platform' is not an input"),
    ("TemplateArtifact: Revision", "TemplateArtifact: Data", "wrong-value", "Deploy.Shift", "'Data' is not an input"),
    ("CAPABILITY_IAM,", "CAPABILITY_IAM, ", "wrong-value", "Deploy.Deploy", "with commas and no blanks"),
    ("WaitTime: '10'", "WaitTime: 10m", "wrong-value", "Deploy.OnSuccess.Quiet", "expected a whole number from 1"),
    ("WaitTime: '10'", "WaitTime: '0'", "wrong-value", "Deploy.OnSuccess.Quiet", "expected a whole number from 1"),
    ("Operator: EQ\n", "Operator: '=='\n", "wrong-value", "Build.BeforeEntry.OnMain", "expected EQ or NE"),
    ("'#{Verify.VERDICT}'", "VERDICT", "wrong-value", "Deploy.OnSuccess.Verdict", "expected one variable"),
    ("'* * 9-16 ? * MON-THU,FRI *'", "9-16", "wrong-value", "Deploy.BeforeEntry.Window", "has 1 fields"),
    ("* * 9-16 ?", "* * 9-24 ?", "wrong-value", "Deploy.BeforeEntry.Window", "hours '9-24', expected 0-23"),
    ("MON-THU", "MON-DO", "wrong-value", "Deploy.BeforeEntry.Window", "day of week 'MON-DO,FRI'"),
    ("9-16 ? *", "9-16 * *", "wrong-value", "Deploy.BeforeEntry.Window", "has to be ?"),
    ("Europe/Berlin", "Berlin", "wrong-value", "Deploy.BeforeEntry.Window", "expected Region/City"),
    ("Europe/Berlin", "UTC+1", "wrong-value", "Deploy.BeforeEntry.Window", "expected Region/City"),
    ("orders-errors", "a" * 10_001, "too-long", "Deploy.OnSuccess.Quiet", "10001 characters, AWS takes 1 to 10000"),
    ("courier/orders\n", "a" * 1001 + "\n", "too-long", "Source.Service", "1001 characters, AWS takes 1 to 1000"),
    ("FullRepositoryId: courier/orders", "FullRepositoryId: ''", "too-long", "Source.Service", "0 characters"),
    ('{"Image": "', '{"Image": "' + "é" * 600, "wrong-value", "Deploy.Deploy", "bytes, AWS takes 1024"),
    ("Configuration: {FunctionName: ask}", "Configuration: []", "unreadable", "Build.BeforeEntry.Asked", "computed"),
    # conditions
    ("Result: SKIP", "Result: ROLLBACK", "wrong-result", "Build.BeforeEntry", "'ROLLBACK', expected FAIL or SKIP"),
    ("Result: FAIL\n                Rules:\n                  - Name: Window", "Result: SKIP\n                Rules:\n"
     "                  - Name: Window", "wrong-result", "Deploy.BeforeEntry.Window", "only LambdaInvoke and Var"),
    ("Result: RETRY", "Result: SKIP", "wrong-result", "Build.OnFailure", "'SKIP', expected ROLLBACK or RETRY"),
    ("FAILED_ACTIONS", "ACTIONS", "wrong-result", "Build.OnFailure", "RetryMode: 'ACTIONS'"),
    ("OnFailure:\n            Conditions:", "OnFailure:\n            Result: RETRY\n            Conditions:",
     "wrong-result", "Deploy.OnFailure", "exclude each other"),
    ("OnFailure:\n            Result: RETRY\n            RetryConfiguration: {RetryMode: FAILED_ACTIONS}",
     "OnFailure: {}", "wrong-result", "Build.OnFailure", "neither Result nor Conditions"),
    ("- Result: SKIP", "- Result: FAIL\n              - Result: SKIP", "condition-count", "Build.BeforeEntry", "2 c"),
    ("- Result: SKIP", "- Result: FAIL\n              - Result: SKIP", "rule-count", "Build.BeforeEntry", "0 rules"),
    ("PipelineType: V2", "PipelineType: V1", "needs-v2", "Deploy.OnSuccess", "needs PipelineType: V2"),
    ("- Name: Again\n", "- Name: Quiet\n", "duplicate-name", "Deploy.OnSuccess.Quiet", "the rule Quiet is there twice"),
    # stages and names
    ("- Name: Revision\n", "- Name: Deploy\n", "duplicate-name", "Deploy.Deploy", "the action Deploy is there twice"),
    ("- Name: Approve\n          A", "- Name: Build\n          A", "duplicate-name", "Build", "the stage Build is"),
    ("- Name: Revision\n", "- Name: Revision 1\n", "wrong-value", "Deploy.Revision 1", "can't be a name"),
    ("RunOrder: 4", "RunOrder: 1000", "wrong-value", "Deploy.Verify", "whole number from 1 to 999"),
    ("TimeoutInMinutes: 1440", "TimeoutInMinutes: 1", "wrong-value", "Approve.Approve", "from 5 to 86400"),
    ("RunOrder: 4", "TimeoutInMinutes: 10", "unknown-key", "Deploy.Verify", "for approvals only"),
    ("        - Name: Build\n          Actions:", "", "source-stage", "Source.Image", "and nothing else"),
    ("Stages:", "Stages: !Ref Stages\n      More:", "unreadable", "Pipeline", "Stages are computed"),
    ("OnSuccess:", "OnSuccess: !Ref Window\n          Before:", "unreadable", "Deploy.OnSuccess", "is computed"),
    # artifacts
    ("OutputArtifacts: [{Name: Base}]", "", "artifact-count", "Source.Base", "0 OutputArtifacts, ECR takes 1"),
    ("InputArtifacts: [{Name: Revision}]", "", "artifact-count", "Deploy.OnSuccess.Again", "0 InputArtifacts"),
    ("OutputArtifacts: [{Name: Revision}]", "", "unknown-artifact", "Deploy.Shift", "no action makes the artifact Rev"),
    ("RunOrder: 2", "RunOrder: 3", "unknown-artifact", "Deploy.Shift", "makes the artifact Revision, and does not run"),
    ("OutputArtifacts: [{Name: Revision}]", "OutputArtifacts: [{Name: Data}]", "duplicate-artifact", "Deploy.Revision",
     "Source.Data makes an artifact Data too"),
    # namespaces and variables
    ("Namespace: Verify", "Namespace: Build", "duplicate-namespace", "Deploy.Verify", "Build.Image has the namespace"),
    ("Namespace: Verify", "Namespace: Data", "namespace-is-artifact", "Deploy.Verify", "Data is an artifact's name"),
    ("Namespace: Verify", "Namespace: codepipeline", "wrong-value", "Deploy.Verify", "'codepipeline' can't be one"),
    ("Namespace: Verify", "Namespace: a.b", "wrong-value", "Deploy.Verify", "'a.b' can't be one"),
    ("#{Build.IMAGE_URI} because", "#{Biuld.IMAGE_URI} because", "unknown-namespace", "Approve.Approve", "'Biuld'"),
    ("#{Build.IMAGE_URI} because", "#{build.IMAGE_URI} because", "unknown-namespace", "Approve.Approve", "'build'"),
    ("#{Build.IMAGE_URI} because", "#{IMAGE_URI} because", "unknown-namespace", "Approve.Approve", "'IMAGE_URI'"),
    ("#{Build.IMAGE_URI} because", "#{DeployTest.ServiceUrl} because", "unknown-namespace", "Approve.Approve",
     "Deploy.Deploy does not run before"),
    ("RunOrder: 2", "RunOrder: 1", "unknown-namespace", "Deploy.Revision", "Deploy.Deploy does not run before"),
    ("'#{ServiceSource.BranchName}'", "'#{Build.IMAGE_URI}'", "unknown-namespace", "Build.BeforeEntry.OnMain",
     "Build.Image does not run before"),
    ("ServiceSource.BranchName", "ServiceSource.AuthorEmail", "unknown-variable", "Build.BeforeEntry.OnMain",
     "has no variable: AuthorEmail, only AuthorDate"),
    ("#{Build.IMAGE_URI} because", "#{Build.IMAGE} because", "unknown-variable", "Approve.Approve",
     "build specification of Build.Image does not export: IMAGE, only IMAGE_URI"),
    ("Verify.VERDICT", "Verify.RESULT", "unknown-variable", "Deploy.OnSuccess.Verdict", "RESULT, only VERDICT"),
    ("#{DeployTest.ServiceUrl}", "#{DeployTest.Url}", "unknown-variable", "Deploy.Revision", "Url, only ServiceUrl"),
    ("#{variables.Reason}", "#{variables.Cause}", "unknown-variable", "Approve.Approve", "Cause, only Reason"),
    ("PipelineExecutionId", "ExecutionId", "unknown-variable", "Approve.Approve", "only PipelineExecutionId"),
    # other templates
    ("ProjectName: verify\n", "ProjectName: verfy\n", "unknown-project", "Deploy.Verify", 'the project "verfy"'),
    ("Outputs.ImageProject", "Outputs.Image", "unknown-project", "Build.Image", "Builds"),
    ("}-revision", "}-revisions", "unknown-project", "Deploy.Revision", "-revisions"),
    ("TemplateURL: builds.yaml", "TemplateURL: build.yaml", "unknown-project", "Build.Image", "ImageProject"),
    ("templates/service.yaml", "templates/services.yaml", "unknown-template", "Deploy.Deploy", "no such file"),
    ('{"Image":', '{"Imgae":', "unknown-parameter", "Deploy.Deploy", "templates/service.yaml has no parameter Imgae"),
]  # fmt: skip


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def rewrite(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def run(templates: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "sendy_cfn.checks.actions", "--templates", str(templates)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_the_shipped_templates_have_no_finding() -> None:
    assert actions.check(REPOSITORY / "templates") == []


def test_a_mistake_in_the_shipped_ones_is_found(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "templates", tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("builds-*.yaml"):
        path.write_text(path.read_text().replace("- IMAGE_URI\n", "- IMAGE_URL\n"))

    found = {(Path(finding.template).name, finding.rule) for finding in actions.check(tmp_path)}

    assert found == {(path.name, "unknown-variable") for path in tmp_path.glob("pipeline-*.yaml")} != set()


def test_a_pipeline_with_all_that_the_check_knows_has_no_finding(templates: Path) -> None:
    assert actions.check(templates) == []


def test_the_sample_pipeline_has_every_type_of_the_table() -> None:
    used = set(re.findall(r"Category: (\w+), Owner: AWS, Provider: (\w+)", PIPELINE))
    assert used == {(category, kind.provider) for kind in (*ACTION_TYPES, *RULE_TYPES) for category in kind.categories}


@pytest.mark.parametrize(
    ("old", "new", "rule", "place", "message"), MISTAKES, ids=[f"{m[2]}-{n}" for n, m in enumerate(MISTAKES)]
)
def test_a_mistake_is_found(templates: Path, old: str, new: str, rule: str, place: str, message: str) -> None:
    rewrite(templates, "pipeline.yaml", old, new)

    found = [(finding.rule, finding.resource) for finding in actions.check(templates) if message in finding.message]

    assert (rule, place) in found


@pytest.mark.parametrize(("more", "found"), [(0, False), (1, True)])
def test_what_cloudformation_puts_in_counts_at_its_longest(templates: Path, more: int, found: bool) -> None:
    """A pipeline that AWS refuses only for the ARN in it: the text alone is far below the limit."""
    start, end = '[{"name": "ROLE", "value": "', '"}, {"name": "COMMIT_ID", "value": "'
    text = f'{start}${{Connection}}{end}#{{ServiceSource.CommitId}}"}}, {{"name": "PATHS", "value": "PADDING"}}]'
    arn = 31 + 35 + 64  # characters of a role's before its path, of ours, and of its name
    rest = 1000 - arn - len(text.replace("${Connection}", "").replace("PADDING", ""))
    text = text.replace("PADDING", "p" * (rest + more))
    assert len(text) < 900
    old = """'[{"name": "COMMIT_ID", "value": "#{ServiceSource.CommitId}"}]'"""
    rewrite(templates, "pipeline.yaml", old, f"!Sub '{text}'")

    reported = [(f.rule, f.resource) for f in actions.check(templates)]

    assert reported == ([("too-long", "Build.Image")] if found else [])


def test_what_it_puts_in_for_an_account_or_a_region_is_short(templates: Path) -> None:
    name = "a" * (1000 - 12 - 14 - len("-") - len("-"))
    rewrite(
        templates,
        "pipeline.yaml",
        "RepositoryName: base",
        f'RepositoryName: !Sub "{name}-${{AWS::AccountId}}-${{AWS::Region}}"',
    )

    assert actions.check(templates) == []

    rewrite(templates, "pipeline.yaml", f"{name}-", f"{name}--")

    assert [(f.rule, f.resource) for f in actions.check(templates)] == [("too-long", "Source.Base")]


def test_a_verify_action_that_gets_too_long_only_once_resolved_is_found(tmp_path: Path) -> None:
    """Long names in the shipped pipeline, as the paths of a service may be: below 1,000 characters as they stand."""
    shutil.copytree(REPOSITORY / "templates", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "pipeline-orders.yaml"
    (whole,) = re.findall(r"EnvironmentVariables: !Sub '(.*BAKE_MINUTES.*)'", path.read_text())
    assert len(whole) < 940
    longer = whole.replace('"HEALTH_PATH","value":"/', '"HEALTH_PATH","value":"/' + "h" * (980 - len(whole)))
    assert 975 < len(longer) <= 1000
    path.write_text(path.read_text().replace(whole, longer))

    assert [(f.rule, f.resource) for f in actions.check(tmp_path)] == [("too-long", "DeployProduction.Verify")]


def test_every_rule_of_the_check_has_a_mistake() -> None:
    sources = (REPOSITORY / "sendy_cfn/checks").glob("action*.py")
    ids = re.compile(r'(?:, |= )"([a-z0-9]+(?:-[a-z0-9]+)+)",')
    known = {rule for path in sources for rule in ids.findall(path.read_text())}
    assert len(known) > 20
    assert known <= {mistake[2] for mistake in MISTAKES}


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("builds.yaml", "[VERDICT,", "[VERDCIT,", "only VERDCIT"),
        ("builds.yaml", "[IMAGE_URI]", "IMAGE_URI", "IMAGE_URI, only none"),
        ("builds.yaml", "env: {}", "env: {", ""),
        ("service.yaml", "ServiceUrl:", "Url:", "ServiceUrl, only Url"),
    ],
)
def test_a_change_of_what_pipelines_use_is_found_in_them(
    templates: Path, name: str, old: str, new: str, message: str
) -> None:
    rewrite(templates, name, old, new)

    found = actions.check(templates)

    assert {finding.template for finding in found} <= {str(templates / "pipeline.yaml")}
    assert any(message in finding.message for finding in found) or not message


def test_a_build_specification_in_a_file_exports_nothing_that_is_known(templates: Path) -> None:
    rewrite(templates, "builds.yaml", "BuildSpec: 'env: {}'", "BuildSpec: buildspec.yaml")
    rewrite(templates, "pipeline.yaml", "RunOrder: 2", "RunOrder: 2\n              Namespace: Revised")
    rewrite(templates, "pipeline.yaml", "ApplicationName: orders", "ApplicationName: '#{Revised.NAME}'")

    assert [finding.message for finding in actions.check(templates)] == [
        "ApplicationName: the build specification of Deploy.Revision does not export: NAME, only none"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Europe/Berlin", "UTC"),
        ("Europe/Berlin", "UTC-03:00"),
        ("Europe/Berlin", "EST"),
        ("Europe/Berlin", "!Ref Window"),
        ("'* * 9-16 ? * MON-THU,FRI *'", "!Ref Window"),
        ("* * 9-16 ? * MON-THU,FRI *", "0 0/15 9-16 L-3 1-6 ?"),
        ("* * 9-16 ? * MON-THU,FRI *", "* * * ? jan-mar 6#3 2026-2030"),
        (
            "!Ref Connection\n",
            "!If [Made, !Ref Connection, arn:aws:codeconnections:eu-west-1:1:connection/1]\n",
        ),
        ('{"Image": "#{Build.IMAGE_URI}"}', '{"Image": {"Fn::GetArtifactAtt": ["Platform", "ObjectKey"]}}'),
        ("WaitTime: '10'", "WaitTime: '#{variables.Reason}'"),
        ("WaitTime: '10'", "AlarmStates: ALARM"),
        ("TimeoutInMinutes: 1440", "TimeoutInMinutes: !Ref Window"),
        ("orders-errors", "a" * 10_000),
        ("courier/orders\n", "a" * 1000 + "\n"),
    ],
)
def test_what_is_right_in_other_ways_is_not_reported(templates: Path, old: str, new: str) -> None:
    rewrite(templates, "pipeline.yaml", old, new)

    assert actions.check(templates) == []


def test_a_finding_is_at_the_line_of_its_key(templates: Path) -> None:
    rewrite(templates, "pipeline.yaml", "WaitTime: '10'", "WaitTime: ten")
    line = (templates / "pipeline.yaml").read_text().splitlines().index("                      WaitTime: ten") + 1

    (found,) = actions.check(templates)

    assert isinstance(found, Finding)
    assert (found.line, found.resource) == (line, "Deploy.OnSuccess.Quiet")


def test_a_missing_key_is_at_the_line_of_the_action(templates: Path) -> None:
    rewrite(templates, "pipeline.yaml", "FullRepositoryId: courier/orders", "")
    line = (templates / "pipeline.yaml").read_text().splitlines().index("            - Name: Service") + 1

    (found,) = actions.check(templates)

    assert found.line == line


@pytest.mark.parametrize("content", [b"", b"Resources: [", b"- 1", b"\x00", b"\xff"])
def test_a_template_that_cannot_be_read_is_a_finding(templates: Path, content: bytes) -> None:
    (templates / "pipeline.yaml").write_bytes(content + b" # AWS::CodePipeline::Pipeline")

    assert [finding.rule for finding in actions.check(templates)] == ["unreadable"]


def test_the_command_says_file_line_place_and_rule(templates: Path) -> None:
    rewrite(templates, "pipeline.yaml", "StackName:", "Stackname:")

    status, output = run(templates)

    assert status == lint.FOUND
    lines = [line.split()[1:3] for line in output.splitlines()]
    assert ["Deploy.Deploy", "unknown-key"] in lines
    assert output.splitlines()[-1] == "actions: 1 templates, 2 findings"


def test_a_folder_without_templates_is_bad_usage_and_one_without_pipelines_is_clean(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == lint.BAD_USAGE
    (tmp_path / "service.yaml").write_text(SERVICE, encoding="utf-8")
    assert run(tmp_path)[0] == lint.CLEAN


def test_templates_in_json_are_read_alike(templates: Path) -> None:
    action = {
        "Name": "Service",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": {"Fn::Sub": "${AWS::Region}-x"}, "S3Objectkey": "x"},
        "OutputArtifacts": [{"Name": "Service"}],
    }
    stages = [{"Name": "Source", "Actions": [action]}]
    resource = {"Type": actions.PIPELINE, "Properties": {"Stages": stages}}
    (templates / "pipeline.yaml").write_text(json.dumps({"Resources": {"Pipeline": resource}}), encoding="utf-8")

    assert {finding.rule for finding in actions.check(templates)} == {"unknown-key", "missing-key"}


def test_every_type_names_its_page_and_no_key_twice() -> None:
    for kind in (*ACTION_TYPES, *RULE_TYPES):
        names = [key.name for key in kind.keys]
        assert kind.page.startswith(f"{GUIDE}/")
        assert len(names) == len(set(names))
        assert {key.beside for key in kind.keys} <= {"", *names}
