"""Checks what neither CloudFormation nor cfn-lint look into: Configuration of the actions and rules of pipelines.

    python -m sendy_cfn.checks.actions [--templates DIR]

Keys and values are compared with AWS's pages (action_types.py), artifacts and variables are followed from where they
are made to where they are used: into the build specifications of CodeBuild projects and the outputs of the templates
that are deployed.

Exit status 0 nothing found, 1 findings, 2 bad usage.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import action_links, action_steps
from sendy_cfn.checks.action_forms import Use
from sendy_cfn.checks.action_steps import defect
from sendy_cfn.checks.action_templates import Block, Library, TemplateError, is_intrinsic, resources, section, template
from sendy_cfn.checks.action_templates import texts as texts_of
from sendy_cfn.checks.action_types import ACTION_TYPES, ACTION_VALUE, OWNER, RULE_TYPES, RULE_VALUE, VERSION
from sendy_cfn.checks.findings import Finding, Severity, summary, table
from sendy_cfn.checks.usage import BAD_USAGE, CLEAN, FOUND, UsageError, templates_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sendy_cfn.checks.action_steps import Defect, Step
    from sendy_cfn.checks.action_types import Key, Kind

PIPELINE = "AWS::CodePipeline::Pipeline"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="actions", description="Configuration of pipelines' actions and rules")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        templates_of(options.templates)
    except UsageError as error:
        print(f"actions: {error}", file=sys.stderr)
        return BAD_USAGE
    names = Library(options.templates).names(PIPELINE)
    findings = check(options.templates)
    if findings:
        print(table(findings))
    print(summary("actions", len(names), len(findings)))
    return FOUND if findings else CLEAN


def check(folder: Path) -> list[Finding]:
    """What is wrong in the pipelines of a folder's templates."""
    library = Library(folder)
    return [
        Finding(str(folder / name), found.line, found.place, found.rule, Severity.ERROR, found.message)
        for name in library.names(PIPELINE)
        for found in _template(library, name)
    ]


def _template(library: Library, name: str) -> Iterator[Defect]:
    try:
        outer = template(library, name)
    except TemplateError as error:
        yield action_steps.Defect(1, "-", "unreadable", str(error))
        return
    for _, resource in resources(outer, PIPELINE):
        yield from _pipeline(library, outer, section(resource, "Properties"))


def _pipeline(library: Library, outer: Block, pipeline: Block) -> Iterator[Defect]:
    steps = action_steps.steps(pipeline)
    yield from action_steps.structure(pipeline)
    yield from action_links.artifacts(steps)
    yield from action_links.namespaces(steps)
    kinds: dict[str, Kind] = {}
    for step in steps:
        kind, complaint = _kind(step)
        if kind is None:
            yield defect(step, "unknown-type", complaint, "RuleTypeId" if step.moment else "ActionTypeId")
            continue
        kinds[step.place] = kind
        yield from step_defects(step, kind)
        yield from action_links.targets(step, kind, outer, library)
    yield from action_links.variables(steps, pipeline, outer, library, kinds)


def _kind(step: Step) -> tuple[Kind | None, str]:
    """The entry of the step's type, or why there is none."""
    names = ("Category", "Owner", "Provider", "Version")
    category, owner, provider, version = (step.type_id.get(name) for name in names)
    known = RULE_TYPES if step.moment else ACTION_TYPES
    if owner != OWNER or version != VERSION:
        return None, f"owner {owner!r}, version {version!r}, expected {OWNER!r}, {VERSION!r}"
    found = [kind for kind in known if kind.provider == provider]
    if not found:
        choice = ", ".join(sorted({kind.provider for kind in known}))
        return None, f"provider {provider!r} has no entry in action_types.py, only {choice}"
    for kind in found:
        if category in kind.categories:
            return kind, ""
    choice = " or ".join(name for kind in found for name in kind.categories)
    return None, f"category {category!r} of {provider}, expected {choice}"


def step_defects(step: Step, kind: Kind) -> Iterator[Defect]:
    """What is wrong with one action or rule, as far as it tells itself."""
    for what, names, (least, most) in (
        ("InputArtifacts", step.inputs, kind.inputs),
        ("OutputArtifacts", step.outputs, kind.outputs),
    ):
        if not least <= len(names) <= most:
            expected = f"{least} to {most}" if most > least else str(least)
            message = f"{len(names)} {what}, {kind.provider} takes {expected}"
            yield defect(step, "artifact-count", message, what)
    if step.result == "SKIP" and not kind.skips:
        choice = " and ".join(sorted(rule.provider for rule in RULE_TYPES if rule.skips))
        yield defect(step, "wrong-result", f"with the result SKIP only {choice} can be used, not {kind.provider}")
    if kind.commands and not step.given.get("Commands"):
        yield defect(step, "missing-key", f"Commands is missing: {kind.page}")
    yield from _configuration(step, kind)


def _configuration(step: Step, kind: Kind) -> Iterator[Defect]:
    given = step.given.get("Configuration", Block())
    if not isinstance(given, Block) or is_intrinsic(given):
        yield defect(step, "unreadable", "Configuration is computed: it can't be checked", "Configuration")
        return
    use = Use(given, step.inputs, step.outputs)
    names = [key.name for key in kind.keys]
    for name in given:
        if name not in names:
            near = "".join(f", perhaps {match}?" for match in difflib.get_close_matches(name, names, n=1))
            yield defect(step, "unknown-key", f"{name} is no key of {kind.provider}{near}: {kind.page}", name)
    for key in kind.keys:
        if key.name in given:
            yield from _value(step, key, use)
        elif key.needed(use):
            yield defect(step, "missing-key", f"{key.name} is missing: {kind.page}")


def _value(step: Step, key: Key, use: Use) -> Iterator[Defect]:
    name, value = key.name, use.given[key.name]
    if key.beside and key.beside not in use.given:
        yield defect(step, "missing-key", f"{key.beside} is missing beside {name}", name)
    if not isinstance(value, str) and not is_intrinsic(value):
        yield defect(step, "not-text", f"{name}: {value!r} is no text; quote it", name)
        return
    limit = RULE_VALUE if step.moment else ACTION_VALUE
    for text in texts_of(value):
        if not 1 <= len(text) <= limit:
            yield defect(step, "too-long", f"{name}: up to {len(text)} characters, AWS takes 1 to {limit}", name)
        elif complaint := key.form(text, use):
            yield defect(step, "wrong-value", f"{name}: {complaint}", name)


if __name__ == "__main__":
    sys.exit(main())
