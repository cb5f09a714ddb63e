"""Actions and rules of pipelines: their types, and what their Configuration has to say.

AWS's reference is in action_types.py; here it is applied to a template that may stand alone. What depends on projects,
templates and stacks elsewhere is left to sendy_cfn.checks.actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks import action_links, action_steps, actions
from sendy_cfn.checks.action_templates import Block, is_intrinsic, strings
from sendy_cfn.checks.action_types import ACTION_TYPES, RULE_TYPES
from sendy_cfn.checks.house.known import PROVIDERS
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_steps import Defect, Step
    from sendy_cfn.checks.action_types import Kind
    from sendy_cfn.checks.house.rule import Find
    from sendy_cfn.checks.house.view import View

STRUCTURE = "https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html"
REFERENCE = "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference.html"
MAY_BE_COMPUTED = ("Configuration", "RoleArn", "Region", "Commands", "EnvironmentVariables")
# Findings of the check of actions: by themselves, computed values and what CloudFormation writes as a text are fine.
NOT_ALONE = ("unreadable", "not-text")


def _providers(view: View) -> Iterator[Found]:
    for pipeline in view.of(actions.PIPELINE):
        for step in action_steps.steps(pipeline.given):
            category, provider = step.type_id.get("Category"), step.type_id.get("Provider")
            rules = frozenset(kind.provider for kind in RULE_TYPES)
            names = rules if step.moment else PROVIDERS.get(str(category), frozenset())
            owned = step.type_id.get("Owner", "AWS") == "AWS"
            if owned and names and isinstance(provider, str) and provider not in names:
                line = step.given.lines.get("RuleTypeId" if step.moment else "ActionTypeId", step.given.line)
                message = f"{step.place}: {unknown(f'provider of category {category}', provider, names)}"
                yield Found(line, pipeline.id, message)


def _kind(step: Step) -> Kind | None:
    category, provider = (step.type_id.get(name) for name in ("Category", "Provider"))
    for kind in RULE_TYPES if step.moment else ACTION_TYPES:
        if kind.provider == provider and category in kind.categories and step.type_id.get("Owner", "AWS") == "AWS":
            return kind
    return None


def _defects(view: View, pipeline: Block) -> Iterator[Defect]:
    steps = action_steps.steps(pipeline)
    kinds = {step.place: kind for step in steps if (kind := _kind(step))}
    for step in steps:
        if step.place in kinds and _is_plain(step.given):
            yield from actions.step_defects(step, kinds[step.place])
    stages, version = pipeline.get("Stages"), pipeline.get("PipelineType")
    if isinstance(stages, list) and _is_plain([stages, version]) and "Fn::Transform" not in pipeline:
        yield from action_steps.structure(pipeline)
        yield from action_links.artifacts(steps)
        yield from action_links.namespaces(steps)
        yield from action_links.variables(steps, pipeline, view.root, view.siblings, kinds, alone=True)


def _is_plain(value: object) -> bool:
    """Whether everything but what an action is told can be read."""
    if isinstance(value, dict):
        inner = [item for key, item in value.items() if key not in MAY_BE_COMPUTED]
        return not is_intrinsic(value) and "Fn::Transform" not in value and all(map(_is_plain, inner))
    return all(map(_is_plain, value)) if isinstance(value, list) else True


def _is_certain(defect: Defect, step: Step | None) -> bool:
    """Whether a finding holds whatever the template's parameters are."""
    if defect.rule in NOT_ALONE:
        return False
    if step is None or defect.rule not in ("wrong-value", "too-long"):
        return True
    configuration = step.given.get("Configuration")
    value = configuration.get(defect.message.partition(":")[0]) if isinstance(configuration, Block) else None
    return isinstance(value, str) or not list(strings(value))


def _finding(*ids: str, but: bool = False) -> Find:
    def find(view: View) -> Iterator[Found]:
        for pipeline in view.of(actions.PIPELINE):
            steps = {step.place: step for step in action_steps.steps(pipeline.given)}
            for defect in _defects(view, pipeline.given):
                if (defect.rule in ids) is not but and _is_certain(defect, steps.get(defect.place)):
                    yield Found(defect.line, pipeline.id, f"{defect.place}: {defect.message}")

    return find


PROVIDER = Rule(
    "house-pipeline-provider",
    "An action or rule of AWS's names a provider that its category has",
    "CodePipeline refuses the pipeline: the action type is not available (InvalidActionDeclarationException)",
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-valid-providers.html",
    _providers,
)
MISSING_KEY = Rule(
    "house-pipeline-missing-key",
    "The Configuration of an action or rule has the keys that its provider needs, such as BranchName",
    "CodePipeline refuses the pipeline: missing required configuration (InvalidActionDeclarationException)",
    REFERENCE,
    _finding("missing-key"),
)
UNKNOWN_KEY = Rule(
    "house-pipeline-unknown-key",
    "The Configuration of an action or rule has no key that its provider does not know",
    "CodePipeline refuses the pipeline: unknown configuration (InvalidActionDeclarationException)",
    REFERENCE,
    _finding("unknown-key"),
)
REST = Rule(
    "house-pipeline",
    "Values, artifacts, variables, names and conditions of a pipeline are as AWS's reference wants them",
    "CodePipeline refuses the pipeline, or the action fails when it runs",
    STRUCTURE,
    _finding("missing-key", "unknown-key", but=True),
)
