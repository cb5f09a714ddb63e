"""Stages of a service's pipeline: source, quality, image, and those of each environment, in promotion order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import codepipeline

from sendy_cfn.blocks import pipeline_actions as actions
from sendy_cfn.blocks import pipeline_sources as sources
from sendy_cfn.blocks.pipeline_actions import AUTHOR, IMAGE, namespace, variable
from sendy_cfn.blocks.pipeline_releases import release, tests_of
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from troposphere import AWSHelperFn

    from sendy_cfn.blocks.pipeline_actions import Access, Line, Variables
    from sendy_cfn.config.model import Environment


def source(line: Line, connection: AWSHelperFn | None) -> codepipeline.Stages:
    """The service's code and the templates; one action where both are in one repository."""
    fetched = [sources.action(origin, connection) for origin in dict.fromkeys((line.code, line.templates))]
    if sources.tells_author(line.platform, line.code):
        fetched.append(sources.history(line.code, connection))
    return codepipeline.Stages(Name="Source", Actions=fetched)


def quality(line: Line) -> codepipeline.Stages:
    """Checks of the code, before anything is built from it."""
    check = actions.build(line, "Quality", line.projects["quality"], _commit(line))
    return codepipeline.Stages(Name="Quality", Actions=[check])


def image(line: Line) -> codepipeline.Stages:
    """The image, and what its scan says of it; what the build exports is in the namespace `Build`."""
    made = actions.build(line, "Image", line.projects["image"], _commit(line), category="Build", Namespace=IMAGE)
    pushed: Variables = {
        "REPOSITORY_URI": line.repository,
        "IMAGE_DIGEST": variable(IMAGE, "IMAGE_DIGEST"),
        "IMAGE_PLATFORM": f"linux/{line.service.architecture}",
    }
    gates = [actions.build(line, "Scan", line.shared_project("scan"), pushed)] if line.service.scan else []
    steps = _in_order([made, *gates])
    if sources.tells_author(line.platform, line.code):
        project = line.shared_project("author")
        author = actions.build(line, "Author", project, _commit(line), category="Build", Namespace=AUTHOR)
        author.InputArtifacts = [codepipeline.InputArtifacts(Name=sources.HISTORY)]
        steps.append(author)  # beside the image: nothing waits for it
    return codepipeline.Stages(Name="Build", Actions=steps)


def _commit(line: Line) -> Variables:
    return {"COMMIT_ID": line.code.revision}


def environment(
    line: Line, place: Environment, access: Access, topic: AWSHelperFn | str, minutes: str
) -> list[codepipeline.Stages]:
    """The environment's stage: the steps of the release and its tests, one after the other.

    A stage that fails goes back to its last success: CodePipeline runs deployment and tests of that execution again,
    with its image, templates and values. It can't after a change of the pipeline's structure, until the stage has
    succeeded once more.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html

    An approval is a stage of its own before it. Inside, a refusal would be a failure of the stage: it would roll back
    an environment that nothing was done to, and each rollback would wait for an approval.

    `minutes` is the text about the worst case that stands in the approval.
    """
    found = release(line, place, access)
    stage = codepipeline.Stages(
        Name=f"Deploy{logical(place.name)}",
        Actions=_in_order(found.actions),
        OnFailure=codepipeline.FailureConditions(Result="ROLLBACK"),
        OnSuccess=codepipeline.SuccessConditions(
            Conditions=[codepipeline.Condition(Result=found.result, Rules=found.rules)]
        ),
    )
    if place.window:
        stage.BeforeEntry = _window(place)
    if not place.approval:
        return [stage]
    ask = actions.approval(line, place, topic, minutes, _report(line, place))
    return [codepipeline.Stages(Name=f"Approve{logical(place.name)}", Actions=[ask]), stage]


def minutes_from(before: Environment) -> str:
    """The text about the worst cases of all environments, which the stack of an environment before has as an output."""
    return variable(namespace("Deploy", before), "WorstCaseMinutes")


def _report(line: Line, place: Environment) -> str:
    """The most telling test so far: the last one of the environment before, or that of the code."""
    places = list(line.platform.environments.values())
    earlier = places[: places.index(place)]
    tests = [test for environment in earlier for test in tests_of(environment)]
    return tests[-1] if tests else "quality"


def _window(place: Environment) -> codepipeline.BeforeEntryConditions:
    """Releases wait here until the window is open.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-DeploymentWindow.html
    """
    assert place.window is not None
    times = {"Cron": place.window.cron, "TimeZone": place.window.time_zone}
    rule = actions.rule("DeploymentWindow", "Window", times)
    return codepipeline.BeforeEntryConditions(Conditions=[codepipeline.Condition(Result="FAIL", Rules=[rule])])


def _in_order(steps: list[codepipeline.Actions]) -> list[codepipeline.Actions]:
    """One after the other; the first has AWS's default, 1."""
    for order, step in enumerate(steps, 1):
        if order > 1:
            step.RunOrder = order
    return steps
