"""Three other parsers read what render() writes as template.to_dict(); its form is the one people review."""

import enum
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import troposphere as tr
import yaml
from awacs import aws as awacs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from troposphere import ec2, ecs, iam, s3, sqs

from sendy_cfn.render import render, render_value
from tests.render_parsers import PARSERS, pyyaml
from tests.render_strategies import HARD, LOOKALIKES, templates, texts

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = [
    *("AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Parameters", "Rules"),
    *("Mappings", "Conditions", "Resources", "Outputs"),
]
RESOURCE_KEYS = [
    *("Type", "Condition", "DependsOn", "CreationPolicy", "UpdatePolicy"),
    *("DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties"),
]


def _exact(value: Any) -> str:
    """JSON, because there 1, 1.0, true and "1" differ."""
    return json.dumps(value, sort_keys=True)


def _examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def _nodes(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [node, *(found for pair in node.value for part in pair for found in _nodes(part))]
    if isinstance(node, yaml.SequenceNode):
        return [node, *(found for item in node.value for found in _nodes(item))]
    return [node]


@given(template=templates())
@_examples(60)
def test_other_parsers_read_what_the_template_says(template: tr.Template) -> None:
    text, expected = render(template), _exact(template.to_dict())
    for parse in PARSERS:
        assert _exact(parse(text)) == expected, parse


@given(value=st.lists(texts, max_size=40))
@_examples(60)
def test_every_text_survives_as_value_item_and_argument(value: list[str]) -> None:
    holder = {
        "Values": value,
        "Functions": [tr.Sub(text) for text in value],
        "Keys": {text[:900]: text for text in value},
    }
    text, expected = render_value(holder), _exact(tr.encode_to_dict(holder))
    for parse in PARSERS:
        assert _exact(parse(text)) == expected, parse


@pytest.mark.parametrize("parse", PARSERS)
def test_every_hard_text_survives(parse: Any) -> None:
    for text in HARD:
        holder = {
            "Key": text,
            "Sub": tr.Sub(text),
            "Ref": tr.Ref(text),
            "List": [text, [text]],
            "In": {text[:900]: text},
        }
        assert _exact(parse(render_value(holder))) == _exact(tr.encode_to_dict(holder))


@given(template=templates())
@_examples(40)
def test_form(template: tr.Template) -> None:
    text = render(template)
    root = yaml.compose(text)
    assert root is not None
    assert text.encode().decode() == text
    assert text.endswith("\n")
    assert not re.search(r"\s\n\Z|[ \t]$|[\t\r\x85\u2028\u2029\ufeff]", text, re.MULTILINE)
    tokens = list(yaml.scan(text))
    assert not any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in tokens)
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode):
            assert node.style != ">"
            assert node.style == "|" or node.start_mark.line == node.end_mark.line
        if node.tag.startswith("!"):  # a short form holds scalars, and on one line short forms of scalars
            parts = _nodes(node)[1:]
            assert all(isinstance(part, yaml.ScalarNode) or part.tag.startswith("!") for part in parts)
            line = isinstance(node, yaml.SequenceNode) and node.flow_style
            assert line or not any(part.tag.startswith("!") for part in parts)
            assert not line or node.start_mark.line == node.end_mark.line


@given(template=templates())
@_examples(30)
def test_order_and_blank_lines(template: tr.Template) -> None:
    text = render(template)
    lines = text.splitlines()
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    sections = [key.value for key, _ in root.value]
    assert sections == [name for name in TOP_LEVEL if name in sections]
    for key, entries in root.value:
        row = key.start_mark.line
        if row and key.value not in TOP_LEVEL[:3]:
            assert lines[row - 1] == ""
        if key.value in TOP_LEVEL[3:] and entries.value:
            starts = [name.start_mark.line for name, _ in entries.value]
            assert starts[0] == row + 1
            assert all(lines[start - 1] == "" and lines[start - 2] != "" for start in starts[1:])
    read = pyyaml(text)
    assert all(list(entry) == [key for key in RESOURCE_KEYS if key in entry] for entry in read["Resources"].values())
    for title, resource in template.resources.items():
        if not isinstance(resource, iam.Role) and resource.properties:
            assert json.dumps(read["Resources"][title]["Properties"]) == json.dumps(resource.to_dict()["Properties"])


def test_declarations_and_policies_come_in_their_customary_order() -> None:
    template = tr.Template()
    template.add_parameter(tr.Parameter("P", MaxLength=3, Default="a", Description="b", MinLength=1, Type="String"))
    template.add_output(tr.Output("O", Value="a", Description="b", Condition="C"))
    statement = awacs.Statement(
        Resource=["*"],
        Condition=awacs.Condition(awacs.Bool("a", "true")),
        Action=[awacs.Action("s3", "GetObject")],
        Principal=awacs.Principal("*"),
        Effect="Allow",
        Sid="Read",
    )
    policy = awacs.PolicyDocument(Statement=[statement], Version="2012-10-17")
    template.add_resource(s3.BucketPolicy("R", PolicyDocument=policy, Bucket="a"))
    read = pyyaml(render(template))
    assert list(read["Parameters"]["P"]) == ["Type", "Description", "Default", "MinLength", "MaxLength"]
    assert list(read["Outputs"]["O"]) == ["Condition", "Description", "Value"]
    assert list(read["Resources"]["R"]["Properties"]) == ["PolicyDocument", "Bucket"]
    document = read["Resources"]["R"]["Properties"]["PolicyDocument"]
    assert list(document) == ["Version", "Statement"]
    assert list(document["Statement"][0]) == ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (tr.Ref("Vpc"), "!Ref Vpc"),
        (tr.Region, "!Ref AWS::Region"),
        (tr.GetAtt("Role", "Arn"), "!GetAtt Role.Arn"),
        (tr.GetAtt("Stack", "Outputs.VpcId"), "!GetAtt Stack.Outputs.VpcId"),
        (tr.Sub("${AWS::StackName}-vpc"), '!Sub "${AWS::StackName}-vpc"'),
        (tr.GetAZs(), "!GetAZs ''"),
        (tr.GetAZs(tr.Region), "Fn::GetAZs: !Ref AWS::Region"),
        (tr.Select(0, tr.GetAZs()), "!Select [0, !GetAZs '']"),
        (tr.FindInMap("A", "b", "c"), "!FindInMap [A, b, c]"),
        (tr.Equals("a, b", "[c]"), "!Equals\n  - a, b\n  - '[c]'"),
        (tr.If("A", "b, c", tr.NoValue), "Fn::If:\n  - A\n  - b, c\n  - !Ref AWS::NoValue"),
        (tr.If("A", tr.If("B", "c", "d"), "e"), "Fn::If:\n  - A\n  - !If [B, c, d]\n  - e"),
        (tr.Equals("a" * 70, "b" * 70), f"!Equals\n  - {'a' * 70}\n  - {'b' * 70}"),
        (tr.Base64(tr.Sub("a\nb\n")), "Fn::Base64: !Sub |\n  a\n  b"),
        ({"Script": "a\n\n  b"}, "Script: |-\n  a\n\n    b"),
        ([["a", {"b": "c", "d": []}], {}], "- - a\n  - b: c\n    d: []\n- {}"),
        (
            ["10.0.0.0/16", "AWS::EC2::VPC", "s3:Get*", True, 1.0],
            "- 10.0.0.0/16\n- AWS::EC2::VPC\n- s3:Get*\n- true\n- 1.0",
        ),
    ],
)
def test_short_forms_and_blocks(value: object, written: str) -> None:
    assert render_value(value) == f"{written}\n"


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_looks_like_another_type_is_quoted(text: str) -> None:
    assert render_value(text)[0] in "'\""
    assert render_value({text: "a"})[0] in "'\""


class _Colour(enum.StrEnum):
    BLUE = "blue"


class _Size(enum.IntEnum):
    BIG = 3


class _Custom(tr.AWSHelperFn):
    def to_dict(self) -> Any:
        return {"Made": [tr.Ref("A"), _Size.BIG]}


@pytest.mark.parametrize(
    "value",
    [
        *(_Colour.BLUE, _Size.BIG, (1, ("a",)), _Custom(), {"a": tr.Tag("k", "v")}, -(2**70), 1e16, 5e-324),
        *(
            tr.GetAtt("A.B", "C"),
            {"Fn::GetAtt": "A.B"},
            tr.GetAtt("A", ""),
            tr.GetAZs(5),
            tr.Ref(True),
            tr.Join(",", ()),
        ),
        sqs.Queue("Queue"),
    ],
)
def test_other_kinds_of_values(value: object) -> None:
    assert _exact(pyyaml(render_value([value]))) == _exact(tr.encode_to_dict([value]))


def _with(resource: tr.AWSObject) -> tr.Template:
    template = tr.Template()
    template.add_resource(resource)
    return template


@pytest.mark.parametrize(
    "resource",
    [
        lambda: iam.Role("Role"),
        lambda: ec2.SecurityGroup("Group", GroupDescription="a", SecurityGroupIngress=[ec2.SecurityGroupRule()]),
        lambda: sqs.Queue("Queue", FifoQueue=True, QueueName="a"),
        lambda: iam.Role("Role", AssumeRolePolicyDocument=awacs.PolicyDocument(Statement=[awacs.Statement(Sid="a")])),
    ],
)
def test_validation_is_that_of_to_dict(resource: Any) -> None:
    with pytest.raises(ValueError, match=r".") as expected:
        _with(resource()).to_dict()
    with pytest.raises(ValueError, match=re.escape(str(expected.value))) as found:
        render(_with(resource()))
    assert found.value.__notes__ == [f"in Resources.{resource().title}"]


def test_validation_that_was_switched_off_stays_off() -> None:
    template = _with(iam.Role("Role", validation=False))
    assert pyyaml(render(template)) == template.to_dict()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({1: "a"}, TypeError),
        ({None: "a"}, TypeError),
        ({"a" * 1100: "a"}, ValueError),
        ({"a", "b"}, TypeError),
        (b"a", TypeError),
        (object(), TypeError),
        (tr.Ref, TypeError),
        (float("nan"), ValueError),
        (float("-inf"), ValueError),
        ("\ud800", ValueError),
        ("a\nb\udfff", ValueError),
        (tr.Sub("\ud800"), ValueError),
    ],
)
def test_what_cannot_be_written_is_an_error_that_says_where(value: object, error: type[Exception]) -> None:
    template = tr.Template(Metadata={"Here": [value]})
    with pytest.raises(error) as found:
        render(template)
    assert found.value.__notes__ == ["in Metadata.Here"]


def test_rendering_changes_nothing_and_repeats() -> None:
    shared = tr.Tags(Name="a")
    template = _with(ecs.TaskDefinition("Task", Tags=shared, Family=tr.Sub("${AWS::StackName}-a")))
    template.add_resource(sqs.Queue("Queue", Tags=shared))
    before = template.to_dict()
    first = render(template)
    assert "&" not in first
    assert render(template) == first
    assert template.to_dict() == before


SCRIPT = """
import sys, troposphere as tr
from awacs import aws, s3 as actions
from troposphere import ecs, iam, sqs
from sendy_cfn.render import render
t = tr.Template(Description="a", Metadata={name: {} for name in ("z", "a", "m")})
t.set_version()
for name in ("Zeta", "Alpha", "Mid"):
    t.add_parameter(tr.Parameter(name, Type="String", Default="1", Description=name, AllowedValues=["1", "2"]))
    t.add_resource(sqs.Queue(name + "Queue", Tags=tr.Tags(b="1", a="2"), QueueName=tr.Ref(name), DelaySeconds=1))
    t.add_output(tr.Output(name, Value=tr.Join(",", [tr.Ref(name), "x"])))
statement = aws.Statement(Effect="Allow", Action=[actions.GetObject, actions.PutObject], Resource=["*"], Sid="A")
policy = aws.PolicyDocument(Version="2012-10-17", Statement=[statement])
t.add_resource(iam.Role("Role", AssumeRolePolicyDocument=policy, Condition="C", DeletionPolicy="Retain"))
sys.stdout.buffer.write(render(t).encode())
"""


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    runs = {
        subprocess.run(
            [sys.executable, "-B", "-c", SCRIPT],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "LC_ALL": locale, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale, zone in (("0", "C", "UTC"), ("1", "C.UTF-8", "Asia/Tokyo"), ("4711", "POSIX", "UTC"))
    }
    assert len(runs) == 1
    assert runs.pop().startswith(b"AWSTemplateFormatVersion: '2010-09-09'\nDescription: a\n\nMetadata:\n  z: {}\n")
