"""Each rule is suppressed where its engine reads it, with the reason once."""

from __future__ import annotations

from typing import Any

import pytest
from troposphere import Template, sns

from sendy_cfn.blocks.suppress import suppress, suppress_output


def written(*rules: str) -> dict[str, Any]:
    topic = sns.Topic("Topic")
    suppress(topic, rules[0] if len(rules) == 1 else rules, "events say nothing")
    found: dict[str, Any] = topic.to_dict()["Metadata"]
    return found


@pytest.mark.parametrize("rule", ["CKV_AWS_18", "CKV2_AWS_71"])
def test_checkov_reads_rule_and_reason(rule: str) -> None:
    assert written(rule) == {"checkov": {"skip": [{"id": rule, "comment": "events say nothing"}]}}


@pytest.mark.parametrize("rule", ["E3002", "W1020", "I3042"])
def test_cfn_lint_reads_the_rule_and_the_reason_stands_beside(rule: str) -> None:
    assert written(rule) == {
        "cfn-lint": {"config": {"ignore_checks": [rule]}},
        "sendy-cfn": {"accept": [{"rule": rule, "reason": "events say nothing"}]},
    }


@pytest.mark.parametrize("rule", ["W9003", "F3012", "house-log-group-key"])
def test_what_no_other_engine_reads_is_ours(rule: str) -> None:
    assert written(rule) == {"sendy-cfn": {"accept": [{"rule": rule, "reason": "events say nothing"}]}}


def test_several_rules_have_one_reason_and_calls_add_up() -> None:
    found = written("CKV_AWS_26", "E3002", "W9003")
    assert found["checkov"]["skip"] == [{"id": "CKV_AWS_26", "comment": "events say nothing"}]
    assert [entry["reason"] for entry in found["sendy-cfn"]["accept"]] == ["as CKV_AWS_26"] * 2
    assert str(found).count("events say nothing") == 1

    topic = sns.Topic("Topic", Metadata={"Frozen": "stays"})
    suppress(topic, "E3002", "one")
    suppress(topic, "E3003", "two")
    metadata = topic.to_dict()["Metadata"]
    assert metadata["Frozen"] == "stays"
    assert metadata["cfn-lint"]["config"]["ignore_checks"] == ["E3002", "E3003"]


def test_outputs_are_told_in_the_templates_metadata() -> None:
    template = Template()
    suppress_output(template, "W1001", ["A", "B"], "guarded")
    suppress_output(template, "W1002", ["A"], "guarded, too")
    assert template.to_dict()["Metadata"]["sendy-cfn"]["accept"] == [
        {"rule": "W1001", "of": ["A", "B"], "reason": "guarded"},
        {"rule": "W1002", "of": ["A"], "reason": "guarded, too"},
    ]
