import json
from pathlib import Path
from typing import Any

import pytest

from emulator.driver import Stacks
from tests.emulator.templates import VPC, att, body, ref, resource, text

LOG = resource("AWS::Logs::LogGroup", {"RetentionInDays": ref("Days")})
BUCKET = resource("AWS::S3::Bucket", DeletionPolicy="Retain")


@pytest.fixture
def deployable(tmp_path: Path, stacks: Stacks) -> Any:
    """Write child templates and a root that nests them; returns the packaged root."""

    def make(children: dict[str, str], parameters: tuple[str, ...], outputs: dict[str, Any] | None = None) -> str:
        nests = {}
        for name, child in children.items():
            (tmp_path / f"{name}.json").write_text(child)
            wanted = json.loads(child).get("Parameters", {})
            given = {parameter: ref(parameter) for parameter in wanted if parameter in parameters}
            properties = {"TemplateURL": f"{name}.json", "Parameters": given}
            nests[name] = resource("AWS::CloudFormation::Stack", properties)
        root = json.dumps(json.loads(body(nests, outputs, Parameters=text(*parameters))), indent=1)
        (tmp_path / "root.json").write_text(root)
        return stacks.package(tmp_path / "root.json")

    return make


def child_with_getatt() -> str:
    """A child whose log group changes while the bucket that its output and parameter read does not."""
    name = resource("AWS::SSM::Parameter", {"Type": "String", "Value": att("Bucket", "Arn")})
    return body(
        {"Bucket": resource("AWS::S3::Bucket"), "Name": name, "Log": LOG},
        {"Arn": att("Bucket", "Arn")},
        Parameters=text("Days"),
    )


def test_an_update_reads_attributes_of_unchanged_resources(stacks: Stacks, deployable: Any) -> None:
    root = deployable({"Child": child_with_getatt()}, ("Days",), {"Arn": att("Child", "Outputs.Arn")})
    assert stacks.create("root", root, {"Days": 30}) == "CREATE_COMPLETE"
    arn = stacks.outputs("root")["Arn"]
    assert stacks.update("root", root, {"Days": 60}) == "UPDATE_COMPLETE"
    assert stacks.outputs("root")["Arn"] == arn
    resolved = stacks.resolved("root")
    assert resolved["Child/Log"].properties["RetentionInDays"] == 60
    assert resolved["Child/Name"].properties["Value"] == arn
    assert set(stacks.statuses().values()) == {"UPDATE_COMPLETE"}


def test_unchanged_means_no_update(stacks: Stacks, deployable: Any) -> None:
    root = deployable({"Child": child_with_getatt()}, ("Days",))
    stacks.create("root", root, {"Days": 30})
    with pytest.raises(Exception, match="No updates are to be performed"):
        stacks.update("root", root, {"Days": 30})


def test_a_child_keeps_what_its_template_retains(stacks: Stacks, deployable: Any) -> None:
    root = deployable({"Child": body({"Kept": BUCKET, "Gone": resource("AWS::S3::Bucket")})}, ())
    stacks.create("root", root)
    kept, gone = (stacks.resolved("root")[f"Child/{name}"].physical_id for name in ("Kept", "Gone"))
    assert stacks.delete("root") == "DELETE_COMPLETE"
    buckets = {bucket["Name"] for bucket in stacks.client("s3").list_buckets()["Buckets"]}
    assert kept in buckets
    assert gone not in buckets
    assert stacks.statuses() == {}


def test_a_failed_child_leaves_nothing(stacks: Stacks, deployable: Any, ec2: Any) -> None:
    before = len(ec2.describe_vpcs()["Vpcs"])
    good = body({"Vpc": VPC})
    bad = body({"Topic": resource("AWS::SNS::Topic"), "Log": LOG}, Parameters=text("Days"))
    root = deployable({"Bad": bad, "Afirst": good}, ("Days",))
    assert stacks.create("root", root, {"Days": 31}) == "ROLLBACK_COMPLETE"
    [reason] = [text for text in stacks.failures("root") if text.startswith("Bad: ")]
    assert "31 is not a valid enum value" in reason
    assert stacks.statuses() == {"root": "ROLLBACK_COMPLETE"}
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert stacks.client("sns").list_topics()["Topics"] == []


def test_a_failed_update_takes_the_whole_tree_back(stacks: Stacks, deployable: Any) -> None:
    first = body({"Log": LOG}, Parameters=text("Days"))
    second = body({"Log": resource("AWS::Logs::LogGroup", {"RetentionInDays": ref("More")})}, Parameters=text("More"))
    root = json.loads(deployable({"First": first, "Second": second}, ("Days", "More")))
    root["Resources"]["Second"]["DependsOn"] = "First"
    template = json.dumps(root)
    stacks.create("root", template, {"Days": 30, "More": 30})
    before = stacks.resolved("root")
    assert stacks.update("root", template, {"Days": 60, "More": 31}) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.resolved("root") == before
    assert set(stacks.statuses().values()) == {"UPDATE_ROLLBACK_COMPLETE"}
    assert stacks.update("root", template, {"Days": 90, "More": 90}) == "UPDATE_COMPLETE"
    assert stacks.delete("root") == "DELETE_COMPLETE"


def test_a_second_root_of_the_same_templates_stands_beside_the_first(stacks: Stacks, deployable: Any) -> None:
    root = deployable({"Child": child_with_getatt()}, ("Days",))
    for name in ("one", "two"):
        assert stacks.create(name, root, {"Days": 30}) == "CREATE_COMPLETE"
    before = stacks.resolved("two")
    assert stacks.delete("one") == "DELETE_COMPLETE"
    assert stacks.resolved("two") == before


def test_children_three_deep(stacks: Stacks, tmp_path: Path) -> None:
    def nest(target: str) -> str:
        properties = {"TemplateURL": target, "Parameters": {"Days": ref("Days")}}
        return json.dumps(
            json.loads(
                body({"Child": resource("AWS::CloudFormation::Stack", properties)}, Parameters=text("Days")),
            ),
            indent=1,
        )

    (tmp_path / "leaf.json").write_text(body({"Log": LOG}, Parameters=text("Days")))
    (tmp_path / "middle.json").write_text(nest("leaf.json"))
    (tmp_path / "root.json").write_text(nest("middle.json"))
    root = stacks.package(tmp_path / "root.json")
    assert stacks.create("root", root, {"Days": 30}) == "CREATE_COMPLETE"
    assert stacks.update("root", root, {"Days": 31}) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.update("root", root, {"Days": 60}) == "UPDATE_COMPLETE"
    assert stacks.resolved("root")["Child/Child/Log"].properties["RetentionInDays"] == 60


def test_exports_of_children_can_be_imported(stacks: Stacks, deployable: Any) -> None:
    child = json.loads(body({"Topic": resource("AWS::SNS::Topic")}, {"Topic": ref("Topic")}))
    child["Outputs"]["Topic"]["Export"] = {"Name": "shared-topic"}
    stacks.create("root", deployable({"Child": json.dumps(child)}, ()))
    user = resource("AWS::SSM::Parameter", {"Type": "String", "Value": {"Fn::ImportValue": "shared-topic"}})
    assert stacks.create("user", body({"Name": user})) == "CREATE_COMPLETE"
    assert stacks.resolved("user")["Name"].properties["Value"].startswith("arn:aws:sns:")
