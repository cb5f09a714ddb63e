"""What actions and rules take from each other: artifacts and variables; and what they name in other templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sendy_cfn.checks import action_templates as templates
from sendy_cfn.checks.action_forms import VARIABLE
from sendy_cfn.checks.action_steps import NAMESPACE, RESERVED, Step, blocks, defect
from sendy_cfn.checks.action_types import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sendy_cfn.checks.action_steps import Defect
    from sendy_cfn.checks.action_templates import Block, Library
    from sendy_cfn.checks.action_types import Kind

BUILT_IN = frozenset({"PipelineExecutionId"})


def artifacts(steps: Sequence[Step]) -> Iterator[Defect]:
    """Artifacts that nobody has made before they are read, or that two actions make."""
    made: dict[str, Step] = {}
    for step in steps:
        for name in step.outputs:
            if name in made:
                message = f"{made[name].place} makes an artifact {name} too"
                yield defect(step, "duplicate-artifact", message, "OutputArtifacts")
            made.setdefault(name, step)
    for step in steps:
        for name in step.inputs:
            if name not in made:
                yield defect(step, "unknown-artifact", f"no action makes the artifact {name}", "InputArtifacts")
            elif not made[name].position < step.position:
                message = f"{made[name].place} makes the artifact {name}, and does not run before"
                yield defect(step, "unknown-artifact", message, "InputArtifacts")


def namespaces(steps: Sequence[Step]) -> Iterator[Defect]:
    """Namespaces that are not unique, also among artifacts. Upper and lower case differ for AWS.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
    """
    made = {name for step in steps for name in step.outputs}
    taken: dict[str, Step] = {}
    for step in steps:
        name = step.namespace
        if not name:
            continue
        if not NAMESPACE.fullmatch(name) or name in RESERVED:
            yield defect(step, "wrong-value", f"Namespace: {name!r} can't be one", "Namespace")
        if name in made:
            yield defect(step, "namespace-is-artifact", f"{name} is an artifact's name already", "Namespace")
        if name in taken:
            message = f"{taken[name].place} has the namespace {name} too"
            yield defect(step, "duplicate-namespace", message, "Namespace")
        taken.setdefault(name, step)


def variables(
    steps: Sequence[Step],
    pipeline: Block,
    outer: Block,
    library: Library,
    kinds: Mapping[str, Kind],
    *,
    alone: bool = False,
) -> Iterator[Defect]:
    """Variables that nobody has made before they are used.

    Args:
        steps: All actions and rules.
        pipeline: The pipeline's properties.
        outer: The template that the pipeline is in.
        library: The templates of the folder.
        kinds: The type of each step by its place, where it is known.
        alone: Say nothing of what other templates make, or files that are not there.
    """
    own = frozenset(str(item.get("Name")) for item in blocks(pipeline.get("Variables")))
    unknown = (Origin.FUNCTION, Origin.STACK, Origin.BUILD_SPECIFICATION) if alone else (Origin.FUNCTION,)
    known = dict(zip(RESERVED, (BUILT_IN, own), strict=True))
    makers = {step.namespace: step for step in reversed(steps) if step.namespace}
    for step in steps:
        for key, value in templates.section(step.given, "Configuration").items():
            for reference in {match[1] for text in templates.strings(value) for match in VARIABLE.finditer(text)}:
                namespace, _, name = reference.partition(".")
                if namespace in known:
                    problem = _missing(name, known[namespace], f"there is no variable {reference}")
                elif (maker := makers.get(namespace)) is None:
                    problem = "unknown-namespace", f"#{{{reference}}}: no action has the namespace {namespace!r}"
                elif not maker.position < step.position:
                    problem = "unknown-namespace", f"#{{{reference}}}: {maker.place} does not run before"
                elif (kind := kinds.get(maker.place)) is None or kind.origin in unknown:
                    continue
                else:
                    problem = _missing(name, *_made(maker, kind, outer, library))
                if problem:
                    yield defect(step, problem[0], f"{key}: {problem[1]}", key)


def _missing(name: str, made: frozenset[str], otherwise: str) -> tuple[str, str] | None:
    if name in made:
        return None
    return "unknown-variable", f"{otherwise}: {name or 'nothing'}, only {', '.join(sorted(made)) or 'none'}"


def _made(maker: Step, kind: Kind, outer: Block, library: Library) -> tuple[frozenset[str], str]:
    """The variables that an action makes, and what to say of another one."""
    given = templates.section(maker.given, "Configuration")
    if kind.origin is Origin.BUILD_SPECIFICATION:
        project = templates.project(library, outer, given.get("ProjectName"))
        names = templates.exported(project) if project else frozenset()
        return names, f"the build specification of {maker.place} does not export"
    if kind.origin is Origin.STACK:
        if given.get("ActionMode") == "DELETE_ONLY":
            return frozenset(), f"{maker.place} only deletes, it has no"
        outputs = templates.section(_stack_template(given, library), "Outputs")
        return frozenset(outputs), f"the template of {maker.place} has no output"
    return kind.variables, f"{maker.place} ({kind.page}) has no variable"


def targets(step: Step, kind: Kind, outer: Block, library: Library) -> Iterator[Defect]:
    """Projects, templates and parameters of templates that an action or a rule names but the folder does not have."""
    given = templates.section(step.given, "Configuration")
    if "ProjectName" in given and templates.project(library, outer, given["ProjectName"]) is None:
        message = f"ProjectName: none of {library.folder}/ has the project {json.dumps(given['ProjectName'])}"
        yield defect(step, "unknown-project", message, "ProjectName")
    path = given.get("TemplatePath")
    if kind.origin is not Origin.STACK or not isinstance(path, str) or "::" not in path:
        return
    template = _stack_template(given, library)
    if not template:
        yield defect(
            step, "unknown-template", f"TemplatePath: {path}: no such file in {library.folder}/", "TemplatePath"
        )
        return
    for text in templates.texts(given.get("ParameterOverrides")):
        for name in sorted(_names(text) - templates.section(template, "Parameters").keys()):
            message = f"ParameterOverrides: {path} has no parameter {name}"
            yield defect(step, "unknown-parameter", message, "ParameterOverrides")


def _names(text: str) -> set[str]:
    try:
        value = json.loads(VARIABLE.sub("0", text))
    except ValueError:
        return set()  # said already, as a wrong value
    return set(value) if isinstance(value, dict) else set()


def _stack_template(given: Mapping[str, object], library: Library) -> Block:
    """The template that an action deploys; artifacts have the folder's files, wherever they lie in there."""
    name = str(given.get("TemplatePath", "")).rpartition("/")[2].rpartition("::")[2]
    return templates.readable(library, name)
