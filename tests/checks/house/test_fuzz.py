"""No rule raises, whatever a template looks like: values of ours are replaced by others that YAML can hold."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendy_cfn.checks import house
from sendy_cfn.checks.action_templates import Library
from tests.checks.house.samples import SAMPLES
from tests.generated import load
from tests.platforms import ROOT

ODD: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", "*", "${", "${!a}", "${A.B}", [], {}, [[]], [None], [{}], {"": None},
    {"Ref": "AWS::NoValue"}, {"Ref": None}, {"Ref": ["a"]}, {"Ref": "Service"},
    {"Fn::If": ["A", {"Ref": "AWS::NoValue"}, [1]]}, {"Fn::If": "A"}, {"Fn::If": []}, {"Fn::If": [1, 2, 3]},
    {"Fn::GetAtt": []}, {"Fn::GetAtt": "A.Arn"}, {"Fn::GetAtt": [{}, 1]}, {"Fn::GetAtt": "A"},
    {"Fn::Sub": None}, {"Fn::Sub": ["${a}", {"a": {"Ref": "b"}}]}, {"Fn::Sub": [1]}, {"Fn::Sub": "${AWS::Region}"},
    {"Fn::Join": ["", ["a", {"Ref": "AWS::Region"}]]}, {"Fn::Join": {}}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
    {"Fn::Transform": {"Name": "AWS::Include"}}, {"Fn::ForEach::Loop": ["a", ["b"], {}]}, {"Condition": "A"},
    {"Type": "AWS::ECS::Service"}, {"Statement": {}}, "arn:aws:iam::1:root", "2012-99-99", "com.amazonaws.",
]  # fmt: skip
ALL = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "templates").glob("*.yaml"))] + [*SAMPLES.values()]
TEMPLATES = [load(text) for text in ALL]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to each value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


def changed(template: Any, choice: random.Random, times: int) -> Any:
    """A copy of the template in which some values are replaced, wrapped or left out."""
    copy = json.loads(json.dumps(template, default=str))
    for _ in range(times):
        ways = [place for place in places(copy) if place]
        if not ways:
            break
        *way, last = choice.choice(ways)
        outer = copy
        for key in way:
            outer = outer[key]
        kind = choice.randrange(4)
        if kind == 0 and isinstance(outer, dict):
            del outer[last]
        elif kind == 1:
            outer[last] = {"Fn::If": ["A", outer[last], json.loads(json.dumps(choice.choice(ODD)))]}
        elif kind == 2:
            outer[last] = [outer[last]] if choice.random() < 0.5 else {"a": outer[last]}
        else:
            outer[last] = json.loads(json.dumps(choice.choice(ODD)))
    return copy


def check(folder: Path, template: Any) -> None:
    (folder / "t.json").write_text(json.dumps(template), encoding="utf-8")
    library = Library(folder)
    if isinstance(template, dict):
        for found in house.check(library, "t.json"):
            assert found.line > 0
            assert found.message


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
def test_changed_templates_do_not_make_a_rule_raise(tmp_path: Path, number: int) -> None:
    choice = random.Random(number)
    for times in (1, 3, 30):
        for _ in range(4):
            check(tmp_path, changed(TEMPLATES[number], choice, times))


KINDS = sorted(
    {resource["Type"] for template in TEMPLATES for resource in template["Resources"].values()}
    | {"AWS::ECS::TaskSet", "AWS::SQS::QueuePolicy", "AWS::EC2::VPCCidrBlock", "AWS::Serverless::Function"}
)
KEYS = sorted({key for template in TEMPLATES for place in places(template) for key in place if isinstance(key, str)})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_templates_of_random_properties_do_not_make_a_rule_raise(tmp_path: Path, data: st.DataObject) -> None:
    leaf = st.sampled_from(ODD)
    value = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    )
    resource = st.fixed_dictionaries(
        {"Type": st.sampled_from(KINDS)},
        optional={
            "Properties": st.dictionaries(st.sampled_from(KEYS), value, max_size=6) | leaf,
            "DependsOn": leaf,
            "Metadata": st.fixed_dictionaries({"sendy-cfn": st.fixed_dictionaries({"accept": value}) | leaf}) | leaf,
        },
    )
    resources = data.draw(st.dictionaries(st.sampled_from(["A", "B", "Service", "Fn::ForEach::C"]), resource | leaf))
    check(tmp_path, {"Resources": resources, "Transform": data.draw(leaf), "Parameters": data.draw(leaf)})
