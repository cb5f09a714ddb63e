"""The actions and rules of a pipeline in the order in which they run, and what is wrong with that order itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sendy_cfn.checks.action_templates import Block, is_intrinsic, section
from sendy_cfn.checks.action_types import (
    FAILURE_RESULTS,
    RESULTS,
    RETRY_MODES,
    RULES,
    RUN_ORDER,
    TIMEOUT,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
NAME = re.compile(r"[A-Za-z0-9.@_-]{1,100}")
NAMESPACE = re.compile(r"[A-Za-z0-9@_-]{1,100}")
RESERVED = ("codepipeline", "variables")  # namespaces of AWS and of the pipeline's own variables

# When conditions are checked, beside a stage's run orders. A stage that failed may have made nothing.
MOMENTS = {"BeforeEntry": 0, "OnSuccess": RUN_ORDER + 1, "OnFailure": 0}


class Defect(NamedTuple):
    """Something wrong, before it is known in which file."""

    line: int
    place: str  # Stage.Action, or Stage.OnSuccess.Rule
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """An action, or a rule of a condition."""

    place: str
    position: tuple[int, int]  # stage, run order; what is less has run before
    given: Block  # as declared
    moment: str = ""  # of a rule: BeforeEntry, OnSuccess, OnFailure
    result: str = ""  # of the rule's condition

    @property
    def type_id(self) -> dict[str, Any]:
        """Category, owner, provider and version."""
        found = self.given.get("RuleTypeId" if self.moment else "ActionTypeId")
        return found if isinstance(found, dict) else {}

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of artifacts that it reads."""
        return _artifacts(self.given.get("InputArtifacts"))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of artifacts that it makes."""
        return _artifacts(self.given.get("OutputArtifacts"))

    @property
    def namespace(self) -> str:
        """Of its variables; empty without one."""
        return str(self.given.get("Namespace", ""))


def _artifacts(given: object) -> tuple[str, ...]:
    items = given if isinstance(given, list) else []
    return tuple(str(item.get("Name")) for item in items if isinstance(item, dict))


def defect(step: Step, rule: str, message: str, key: str = "") -> Defect:
    """A defect of the step, at the line of one of its keys, or of its Configuration's."""
    configuration = step.given.get("Configuration")
    lines = dict(step.given.lines)
    if isinstance(configuration, Block):
        lines |= configuration.lines
    return Defect(lines.get(key, step.given.line), step.place, rule, message)


def blocks(given: object) -> list[Block]:
    """The mappings of a list that say themselves what they are."""
    items = given if isinstance(given, list) else []
    return [item for item in items if isinstance(item, Block) and not is_intrinsic(item)]


def steps(pipeline: Block) -> list[Step]:
    """All actions and rules of a pipeline's properties."""
    found: list[Step] = []
    for number, stage in enumerate(blocks(pipeline.get("Stages"))):
        for action in blocks(stage.get("Actions")):
            position = (number, _whole(action.get("RunOrder")) or 1)
            found.append(Step(f"{stage.get('Name')}.{action.get('Name')}", position, action))
        for moment, order in MOMENTS.items():
            for condition in _conditions(stage, moment):
                result = str(condition.get("Result", ""))
                for rule in blocks(condition.get("Rules")):
                    place = f"{stage.get('Name')}.{moment}.{rule.get('Name')}"
                    found.append(Step(place, (number, order), rule, moment, result))
    return found


def _whole(value: object) -> int | None:
    """A whole number; CloudFormation takes it in quotes too."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) else None


def _conditions(stage: Block, moment: str) -> list[Block]:
    declared = stage.get(moment)
    return blocks(declared.get("Conditions")) if isinstance(declared, Block) else []


def structure(pipeline: Block) -> Iterator[Defect]:
    """What is wrong with stages, names, order and conditions.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
    """
    stages = blocks(pipeline.get("Stages"))
    yield from _hidden(pipeline, "Stages", "Pipeline")
    yield from _twice(stages, "", "stage")
    for number, stage in enumerate(stages):
        name = str(stage.get("Name"))
        yield from _hidden(stage, "Actions", name)
        yield from _twice(blocks(stage.get("Actions")), f"{name}.", "action")
        for action in blocks(stage.get("Actions")):
            yield from _numbers(name, action)
            is_source = section(action, "ActionTypeId").get("Category") == "Source"
            if is_source != (number == 0):
                message = "the first stage has all source actions and nothing else"
                yield Defect(action.line, f"{name}.{action.get('Name')}", "source-stage", message)
        for moment in MOMENTS:
            if moment in stage:
                yield from _condition(pipeline, stage, moment)


def _hidden(of: Block, key: str, place: str) -> Iterator[Defect]:
    given = of.get(key)
    if not isinstance(given, list) or len(blocks(given)) < len(given):
        yield Defect(of.lines.get(key, of.line), place, "unreadable", f"{key} are computed: they can't be checked")


def _twice(declared: Iterable[Block], prefix: str, what: str) -> Iterator[Defect]:
    seen = set()
    for item in declared:
        name = str(item.get("Name"))
        if name in seen:
            yield Defect(item.line, prefix + name, "duplicate-name", f"the {what} {name} is there twice")
        if not NAME.fullmatch(name):
            message = f"{name!r} can't be a name: letters, digits and . @ _ - only, 100 at most"
            yield Defect(item.line, prefix + name, "wrong-value", message)
        seen.add(name)


def _numbers(stage: str, action: Block) -> Iterator[Defect]:
    place = f"{stage}.{action.get('Name')}"
    for key, least, most in (("RunOrder", 1, RUN_ORDER), ("TimeoutInMinutes", *TIMEOUT)):
        value = action.get(key, least)
        if not is_intrinsic(value) and not least <= (_whole(value) or 0) <= most:
            message = f"{key}: {value!r}, expected a whole number from {least} to {most}"
            yield Defect(action.lines[key], place, "wrong-value", message)
    if "TimeoutInMinutes" in action and section(action, "ActionTypeId").get("Category") != "Approval":
        message = "TimeoutInMinutes is for approvals only"
        yield Defect(action.lines["TimeoutInMinutes"], place, "unknown-key", message)


# https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html
def _condition(pipeline: Block, stage: Block, moment: str) -> Iterator[Defect]:
    declared, line, place = stage[moment], stage.lines[moment], f"{stage.get('Name')}.{moment}"
    if not isinstance(declared, Block) or is_intrinsic(declared):
        yield Defect(line, place, "unreadable", f"{moment} is computed: it can't be checked")
        return
    if pipeline.get("PipelineType") != "V2":
        yield Defect(line, place, "needs-v2", f"{moment} needs PipelineType: V2")
    if moment == "OnFailure":
        yield from _failure(declared, line, place)
    if "Conditions" not in declared:
        if moment != "OnFailure":
            yield Defect(line, place, "condition-count", "no Conditions, expected one")
        return
    conditions = _conditions(stage, moment)
    if len(conditions) != 1:
        yield Defect(line, place, "condition-count", f"{len(conditions)} conditions, expected one")
    for condition in conditions:
        expected = RESULTS[moment]
        if condition.get("Result") not in expected:
            message = f"Result: {condition.get('Result')!r}, expected {' or '.join(expected)}"
            yield Defect(condition.lines.get("Result", condition.line), place, "wrong-result", message)
        rules = blocks(condition.get("Rules"))
        yield from _twice(rules, f"{place}.", "rule")
        if not 1 <= len(rules) <= RULES:
            yield Defect(condition.line, place, "rule-count", f"{len(rules)} rules, expected 1 to {RULES}")


def _failure(declared: Block, line: int, place: str) -> Iterator[Defect]:
    result, retry = declared.get("Result"), section(declared, "RetryConfiguration")
    if "Result" in declared and result not in FAILURE_RESULTS:
        message = f"Result: {result!r}, expected {' or '.join(FAILURE_RESULTS)}"
        yield Defect(declared.lines["Result"], place, "wrong-result", message)
    if "RetryConfiguration" in declared and retry.get("RetryMode") not in RETRY_MODES:
        message = f"RetryMode: {retry.get('RetryMode')!r}, expected {' or '.join(RETRY_MODES)}"
        yield Defect(line, place, "wrong-result", message)
    if "Conditions" in declared and (result == "RETRY" or "RetryConfiguration" in declared):
        yield Defect(line, place, "wrong-result", "a retry and conditions exclude each other")
    if not {"Result", "Conditions"} & declared.keys():
        yield Defect(line, place, "wrong-result", "neither Result nor Conditions")
