"""Projects of the emulator, their specifications run by a real shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator import Emulator
from rehearsal import builds
from rehearsal.builds import CodeBuild
from rehearsal.calls import wrap
from rehearsal.events import NotRehearsedError, RehearsalError
from rehearsal.permissions import DeniedError
from sendy_cfn import package
from tests.rehearsal.deployed import Account, Fates, account, allow

HEADER = "version: 0.2\nenv:\n  shell: bash\n"


@pytest.fixture
def here(emulator: Emulator) -> Account:
    return account(emulator)


@pytest.fixture
def codebuild(here: Account, tmp_path: Path) -> CodeBuild:
    return CodeBuild(here.aws, here.events, Fates(tmp_path / "tools"), tmp_path / "builds")


@pytest.fixture
def code(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "name.txt").write_text("orders\n")
    return {"Code": folder}


def specification(*commands: str, more: str = "", env: str = "") -> str:
    lines = "".join(f"    - {json.dumps(command)}\n" for command in commands)
    return f"{HEADER}{env}phases:\n  build:\n    commands:\n{lines}{more}"


def test_a_build_exports_what_its_commands_set(here: Account, codebuild: CodeBuild, code: dict[str, Path]) -> None:
    text = specification(
        "export IMAGE=$(cat name.txt):$TAG:$COMMIT LEVEL=$LEVEL",
        "export WHERE=$AWS_REGION:$AWS_ACCESS_KEY_ID:$CODEBUILD_BUILD_NUMBER:$EQUIPPED",
        env="  exported-variables: [IMAGE, LEVEL, WHERE, NEVER]\n  variables:\n    LEVEL: specification\n",
    )
    here.project("image", text, here.role("builder"), TAG="project", LEVEL="project")
    exported = codebuild.run(here.place, "image", {"TAG": "action", "COMMIT": 'a "b"'}, code, {})
    assert exported == {
        "IMAGE": 'orders:action:a "b"',
        "LEVEL": "project",
        "WHERE": f"{here.place.region}:{here.place.account}:1:yes",
    }
    assert here.said("build") == ["image 1: Succeeded"]


def test_times_are_cut_short_whatever_the_action_says(here: Account, tmp_path: Path, code: dict[str, Path]) -> None:
    quick = CodeBuild(here.aws, here.events, Fates(tmp_path / "t"), tmp_path / "b", {"BAKE_SECONDS": "0"})
    text = specification("export BAKE_SECONDS", env="  exported-variables: [BAKE_SECONDS]\n")
    here.project("bake", text, here.role("builder"), BAKE_SECONDS="900")
    assert quick.run(here.place, "bake", {"BAKE_SECONDS": "300"}, code, {}) == {"BAKE_SECONDS": "0"}


def test_a_failing_build_is_told_with_the_end_of_its_log(
    here: Account, codebuild: CodeBuild, code: dict[str, Path], tmp_path: Path
) -> None:
    here.project("image", specification("echo one", "echo 'no such base image' >&2; exit 3"), here.role("builder"))
    for number in (1, 2):
        with pytest.raises(RehearsalError, match=r"the build image failed: one no such base image$"):
            codebuild.run(here.place, "image", {}, code, {"Out": tmp_path / "out"})
        assert here.said("build")[-1] == f"image {number}: Failed"
    assert not (tmp_path / "out").exists()
    [_, second] = here.told(project="image")
    assert Path(second.data["log"]).read_text() == "one\nno such base image\n"


def test_a_project_that_is_not_there(here: Account, codebuild: CodeBuild, code: dict[str, Path]) -> None:
    with pytest.raises(RehearsalError, match=f"there is no build project gone in {here.place.region}"):
        codebuild.run(here.place, "gone", {}, code, {})


def test_sources_are_copies_of_the_artifacts(
    here: Account, codebuild: CodeBuild, code: dict[str, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "template.yaml").write_text("x")
    text = specification(
        "export SEEN=$(ls):$(ls $CODEBUILD_SRC_DIR_Code):$(ls $CODEBUILD_SRC_DIR_Platform)",
        "touch made; rm name.txt",
        env="  exported-variables: [SEEN]\n",
    )
    here.project("image", text, here.role("builder"))
    sources = {**code, "Platform": other}
    for _ in range(2):
        seen = codebuild.run(here.place, "image", {}, sources, {})
        assert seen == {"SEEN": "name.txt:name.txt:template.yaml"}
    assert [path.name for path in code["Code"].iterdir()] == ["name.txt"]


FILES = "artifacts:\n  base-directory: out\n  files: ['*.json']\n"


def test_files_become_the_output_artifact(
    here: Account, codebuild: CodeBuild, code: dict[str, Path], tmp_path: Path
) -> None:
    text = specification(
        "mkdir out", "echo $CODEBUILD_BUILD_NUMBER >out/a.json; touch out/b.json out/c.txt", more=FILES
    )
    here.project("revision", text, here.role("builder"))
    target = tmp_path / "artifacts" / "Revision"
    for number in ("1", "2"):
        codebuild.run(here.place, "revision", {}, code, {"Revision": target})
        assert sorted(path.name for path in target.iterdir()) == ["a.json", "b.json"]
        assert (target / "a.json").read_text() == f"{number}\n"


def test_an_output_artifact_needs_files_and_a_specification_has_one(
    here: Account, codebuild: CodeBuild, code: dict[str, Path], tmp_path: Path
) -> None:
    here.project("nothing", specification("mkdir out", more=FILES), here.role("builder"))
    with pytest.raises(RehearsalError, match="nothing: no files for the output artifact"):
        codebuild.run(here.place, "nothing", {}, code, {"One": tmp_path / "one"})
    with pytest.raises(RehearsalError, match="2 output artifacts"):
        codebuild.run(here.place, "nothing", {}, code, {"One": tmp_path / "one", "Two": tmp_path / "two"})


PARAMETER = "arn:aws:ssm:{}:{}:parameter/courier/live"


def test_a_variable_kept_in_parameter_store(here: Account, codebuild: CodeBuild, code: dict[str, Path]) -> None:
    text = specification("export GOT=$LIVE", env="  exported-variables: [GOT]\n")
    on = PARAMETER.format(here.place.region, here.place.account)
    here.project(
        "switch", text, here.role("good", allow("ssm:GetParameters", on=on)), LIVE=("PARAMETER_STORE", "/courier/live")
    )
    here.project(
        "poor", text, here.role("poor", allow("ssm:GetParameter", on=on)), LIVE=("PARAMETER_STORE", "/courier/live")
    )
    with pytest.raises(RehearsalError, match="build switch: there is no parameter /courier/live"):
        codebuild.run(here.place, "switch", {}, code, {})
    here.client("ssm").put_parameter(Name="/courier/live", Value="blue", Type="String")
    assert codebuild.run(here.place, "switch", {}, code, {}) == {"GOT": "blue"}
    with pytest.raises(DeniedError, match=r"^build poor: AccessDenied, role poor does not allow ssm:GetParameters on "):
        codebuild.run(here.place, "poor", {}, code, {})


def test_what_a_build_calls_its_role_has_to_allow(
    here: Account, codebuild: CodeBuild, code: dict[str, Path], tmp_path: Path
) -> None:
    wrap(tmp_path / "tools", "aws", [str(Path(package.aws_cli()).absolute())])
    here.stacks.create("courier-test", json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}))
    text = specification(
        "aws cloudformation describe-stacks --stack-name courier-test --query 'Stacks[0].StackStatus' --output text"
    )
    here.project("good", text, here.role("good", allow("cloudformation:DescribeStacks")))
    here.project("poor", text, here.role("poor"))
    codebuild.run(here.place, "good", {}, code, {})
    assert Path(here.told(project="good")[0].data["log"]).read_text() == "CREATE_COMPLETE\n"
    message = "build poor, aws cloudformation describe-stacks: AccessDenied, role poor does not allow"
    with pytest.raises(DeniedError, match=message):
        codebuild.run(here.place, "poor", {}, code, {})


def test_variables_of_an_action() -> None:
    text = '[{"name": "A", "value": "1"}, {"name": "B", "value": "two words", "type": "PLAINTEXT"}]'
    assert builds.variables_of({"EnvironmentVariables": text, "ProjectName": "x"}) == {"A": "1", "B": "two words"}
    assert builds.variables_of({"ProjectName": "x"}) == {}


@pytest.mark.parametrize("text", ['[{"name": "A", "value": "a "quoted" word"}]', '{"A": "1"}', '[{"name": "A"}]', "["])
def test_variables_that_cannot_be_read_fail_the_action(text: str) -> None:
    with pytest.raises(RehearsalError, match="EnvironmentVariables is no list of variables in JSON"):
        builds.variables_of({"EnvironmentVariables": text})


def test_a_variable_of_an_action_that_is_kept_elsewhere_is_not_rehearsed() -> None:
    text = '[{"name": "KEY", "value": "/courier/key", "type": "PARAMETER_STORE"}]'
    with pytest.raises(NotRehearsedError, match="variable KEY of type PARAMETER_STORE"):
        builds.variables_of({"EnvironmentVariables": text})
