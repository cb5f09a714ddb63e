"""What a pipeline does to release a service in an environment, by strategy: the actions of a stage, and its conditions.

All steps of a release are in one stage, which runs one execution at a time: with a stage for each, a second release
could prepare the side that the first one is about to switch to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from troposphere import codepipeline

from sendy_cfn.blocks import pipeline_actions as actions
from sendy_cfn.blocks.pipeline_actions import IMAGE, namespace, stack_name, variable
from sendy_cfn.blocks.release_alarms import alarm_name
from sendy_cfn.config.releases import side_url
from sendy_cfn.config.words import Colour, Strategy, Test
from sendy_cfn.knobs.release import AS_MANY_AS_THERE_ARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from troposphere import AWSHelperFn

    from sendy_cfn.blocks.pipeline_actions import Access, Line, Variables
    from sendy_cfn.config.model import Environment

GOOD = "good"  # the verdict after a switch that stays


class Release(NamedTuple):
    """A stage's actions, one after the other, and the rules that its end has to keep."""

    actions: list[codepipeline.Actions]
    rules: list[codepipeline.RuleDeclaration]
    result: str  # what happens when a rule is broken


def release(line: Line, place: Environment, access: Access) -> Release:
    """How the service's strategy releases it there."""
    return _RELEASES.get(line.variant(place).strategy, _in_one_update)(line, place, access)


def _in_one_update(line: Line, place: Environment, access: Access) -> Release:
    """One stack update, in which ECS replaces the tasks and goes back on failure; then the environment's tests."""
    deploy = _deploy(line, place, access)
    return Release([deploy, *_tests(line, place, _service_url(place))], _watch(line, place, access), "ROLLBACK")


def _by_codedeploy(line: Line, place: Environment, access: Access) -> Release:
    """The stack gets a new revision of the task definition, CodeDeploy brings it to the service."""
    deploy, outputs = _deploy(line, place, access), namespace("Deploy", place)
    revision = namespace("Revision", place)
    variables: Variables = {
        "TASK_DEFINITION_ARN": variable(outputs, "TaskDefinitionArn"),
        "CONTAINER_NAME": line.service.name,
        "CONTAINER_PORT": variable(outputs, "ContainerPort"),
        "STACK_REGION": place.region,
        "READER_ROLE_ARN": _reader(access),
    }
    write = actions.build(line, "Revision", line.shared_project("revision"), variables, category="Build")
    write.OutputArtifacts = [codepipeline.OutputArtifacts(Name=revision)]
    shift = actions.shift(line, place, access, revision, outputs)
    steps = [deploy, write, shift, *_tests(line, place, _service_url(place))]
    return Release(steps, _watch(line, place, access), "ROLLBACK")


def _by_switch(line: Line, place: Environment, access: Access) -> Release:
    """State, prepare, verify, switch, verify, settle; see `strategies.cluster_switch`.

    A bad verdict does not fail the build that finds it: its variables make `Settle` switch back, which takes a minute.
    Then the stage fails by its condition. CodePipeline may go on to roll the stage back, which is to release the last
    good image: it is live again by then, so that changes nothing.
    """
    state, verify = namespace("State", place), namespace("Verify", place)
    looks: dict[str, AWSHelperFn | str] = {"STACK_REGION": place.region, "READER_ROLE_ARN": _reader(access)}
    sides = {f"{c}_URL".upper(): side_url(line.service, place, c) for c in (Colour.BLUE, Colour.GREEN)}
    asked: Variables = {
        "STACK_NAME": stack_name(line.platform, place, line.service),
        "NEW_IMAGE": variable(IMAGE, "IMAGE_URI"),
        "NEW_VERSION": line.code.revision,
        **sides,
        **looks,
    }
    switch = namespace("Switch", place)
    watched: Variables = {
        "SERVICE_URL": variable(switch, "ServiceUrl"),
        "EXPECTED_VERSION": line.code.revision,
        "HEALTH_PATH": line.service.health_path,
        "VERSION_PATH": line.service.version_path,
        "BAKE_MINUTES": variable(switch, "BakeMinutes"),
        "ALARMS": variable(switch, "LiveAlarms"),
        **{key: variable(state, key) for key in ("LIVE_BEFORE", "LIVE_AFTER")},
        "IDLE_TASKS": str(AS_MANY_AS_THERE_ARE),
        "STANDBY_TASKS": variable(switch, "StandbyTasks"),
        **looks,
    }

    def update(name: str, space: str, live: str, idle: str) -> codepipeline.Actions:
        images = {
            f"{colour}{what.capitalize()}": variable(state, f"{colour}_{what}".upper())
            for colour in ("Blue", "Green")
            for what in ("image", "version")
        }
        overrides = images | {"LiveCluster": live, "IdleTasks": idle}
        return actions.stack_update(line, place, access, name, overrides, space)

    before, after, tasks = (variable(state, key) for key in ("LIVE_BEFORE", "LIVE_AFTER", "IDLE_TASKS"))
    steps = [
        actions.build(line, "State", line.shared_project("state"), asked, category="Build", Namespace=state),
        update("Prepare", namespace("Prepare", place), before, tasks),
        *_tests(line, place, variable(state, "CANDIDATE_URL")),
        update("Switch", switch, after, str(AS_MANY_AS_THERE_ARE)),
        actions.build(line, "Verify", line.shared_project("verify"), watched, Namespace=verify),
        update(
            "Settle",
            namespace("Deploy", place),
            variable(verify, "LIVE_CLUSTER"),
            variable(verify, "IDLE_TASKS"),
        ),
    ]
    kept = {"Variable": variable(verify, "VERDICT"), "Operator": "EQ", "Value": GOOD}
    return Release(steps, [actions.rule("VariableCheck", "Verdict", kept)], "FAIL")


_RELEASES: dict[Strategy, Callable[[Line, Environment, Access], Release]] = {
    Strategy.CODEDEPLOY: _by_codedeploy,
    Strategy.CLUSTER_SWITCH: _by_switch,
}


def _deploy(line: Line, place: Environment, access: Access) -> codepipeline.Actions:
    overrides = {"Image": variable(IMAGE, "IMAGE_URI"), "Version": line.code.revision}
    return actions.stack_update(line, place, access, "Deploy", overrides, namespace("Deploy", place))


def tests_of(place: Environment) -> list[Test]:
    """The environment's tests, the cheapest first."""
    return [test for test in Test if test in place.tests]


def _tests(line: Line, place: Environment, url: str) -> list[codepipeline.Actions]:
    variables = {
        "COMMIT_ID": line.code.revision,
        "ENVIRONMENT": place.name,
        "SERVICE_URL": url,
        "EXPECTED_VERSION": line.code.revision,
        "IMAGE_DIGEST": variable(IMAGE, "IMAGE_DIGEST"),
    }
    return [actions.build(line, test.capitalize(), line.projects[test], variables) for test in tests_of(place)]


def _watch(line: Line, place: Environment, access: Access) -> list[codepipeline.RuleDeclaration]:
    """The stage ends well when none of the service's alarms goes off while they are watched.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-CloudWatchAlarm.html
    """
    stack = stack_name(line.platform, place, line.service)
    return [
        actions.rule(
            "CloudWatchAlarm",
            kind.capitalize(),
            # Without AlarmStates, as AWS has it: its page does not say whether those are the good or the bad ones.
            {"AlarmName": alarm_name(stack, kind), "WaitTime": str(line.watch[place.name])},
            RoleArn=access.pipeline,
            Region=place.region,
        )
        for kind in ("errors", "latency")
    ]


def _service_url(place: Environment) -> str:
    return variable(namespace("Deploy", place), "ServiceUrl")


def _reader(access: Access) -> AWSHelperFn:
    assert access.reader is not None, "a strategy that looks at stacks has a role for it"
    return access.reader
