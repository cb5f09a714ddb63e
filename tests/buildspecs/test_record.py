"""What the build writes about a release of the last environment that has ended, with a recorder in the place of aws."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.conftest import Tools
from tests.buildspecs.runner import Outcome, run

PIPELINES = botocore.session.get_session().get_service_model("codepipeline")
NOON = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
EXECUTION = "01234567-0123-0123-0123-012345678901"
HOUR = 3600


def at(hours: float) -> str:
    """A time, in hours from noon, as EventBridge and source actions write it."""
    return (NOON + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(operation: str, content: dict[str, Any]) -> dict[str, Any]:
    """What CodePipeline answers; checked against its model, so that the tests don't make up a shape."""
    report = ParamValidator().validate(content, PIPELINES.operation_model(operation).output_shape)
    assert not report.has_errors(), report.generate_report()
    return {"out": json.dumps(content)}


def executed(kind: str = "STANDARD", trigger: str = "WebhookV2") -> dict[str, Any]:
    made = {"pipelineExecutionId": EXECUTION, "executionType": kind, "trigger": {"triggerType": trigger}}
    return answer("GetPipelineExecution", {"pipelineExecution": made})


def action(name: str, category: str, **more: Any) -> dict[str, Any]:
    return {"actionName": name, "input": {"actionTypeId": _kind(category)}, **more}


def _kind(category: str) -> dict[str, str]:
    return {"category": category, "owner": "AWS", "provider": "Any", "version": "1"}


def source(name: str, **variables: str) -> dict[str, Any]:
    return action(name, "Source", output={"outputVariables": variables})


CODE = source("Service", CommitId="c0de", AuthorDate=at(-2))
TEMPLATES = source("Platform", CommitId="9a7e", AuthorDate=at(-24))


def stage_event(state: str, hours: float, **detail: str) -> dict[str, Any]:
    kind = "CodePipeline Stage Execution State Change"
    return {"detail-type": kind, "time": at(hours), "detail": {"state": state, "stage": "DeployProduction", **detail}}


def released(hours: float, commit: str, templates: str) -> dict[str, Any]:
    return {"measure": "release", "outcome": "released", "at": at(hours), "commit": commit, "templates": templates}


def record(
    source_folder: Path,
    tools: Tools,
    state: str,
    *actions: Mapping[str, Any],
    past: tuple[object, ...] = (),
    execution: dict[str, Any] | None = None,
) -> Outcome:
    messages = [line if isinstance(line, str) else json.dumps(line) for line in past]
    listed = answer("ListActionExecutions", {"actionExecutionDetails": list(actions)})
    tools.record(
        "aws",
        rules=(
            {"match": "get-pipeline-execution", "replies": [execution or executed()]},
            {"match": "list-action-executions", "replies": [listed]},
            {"match": "filter-log-events", "replies": [{"out": json.dumps(messages)}]},
        ),
    )
    event = {"PIPELINE": "courier-orders", "STAGE": "DeployProduction", "STATE": state, "EXECUTION": EXECUTION}
    fixed = {"PLATFORM": "courier", "ENVIRONMENT": "production", "EVENT_LOG": "events", "AT": at(0)}
    return run(load("record"), source_folder, {**tools.environment, **event, **fixed})


def line(outcome: Outcome) -> dict[str, Any]:
    assert outcome.succeeded, outcome.log
    (found,) = [text for text in outcome.log.splitlines() if text.startswith('{"measure"')]
    made: dict[str, Any] = json.loads(found)
    return made


def test_a_release_has_its_commit_and_the_time_since_it_was_written(source: Path, tools: Tools) -> None:
    who = action("Approve", "Approval", updatedBy="arn:aws:sts::111111111111:assumed-role/Lead/ada")
    assert line(record(source, tools, "SUCCEEDED", who, CODE, TEMPLATES)) == {
        "measure": "release",
        "service": "orders",
        "environment": "production",
        "at": at(0),
        "execution": EXECUTION,
        "outcome": "released",
        "commit": "c0de",
        "templates": "9a7e",
        "trigger": "WebhookV2",
        "approved_by": "arn:aws:sts::111111111111:assumed-role/Lead/ada",
        "lead_seconds": 2 * HOUR,
    }


@pytest.mark.parametrize(
    ("state", "kind", "outcome"),
    [
        ("SUCCEEDED", "STANDARD", "released"),
        ("FAILED", "STANDARD", "failed"),
        ("SUCCEEDED", "ROLLBACK", "rolled-back"),
        ("FAILED", "ROLLBACK", "rollback-failed"),
    ],
)
def test_the_outcome(source: Path, tools: Tools, state: str, kind: str, outcome: str) -> None:
    found = line(record(source, tools, state, CODE, execution=executed(kind, "AutomatedRollback")))
    assert found["outcome"] == outcome
    assert ("lead_seconds" in found) == (outcome == "released")


LAST = released(-48, "c0de", "9a7e")


@pytest.mark.parametrize(
    ("sources", "last", "hours"),
    [
        ((CODE, TEMPLATES), (), 2),
        ((CODE, TEMPLATES), (released(-48, "01d", "9a7e"),), 2),
        ((CODE, TEMPLATES), (released(-48, "01d", "01d"),), 2),  # both are new
        ((CODE, TEMPLATES), (released(-48, "c0de", "01d"),), 24),  # only the templates are
        ((CODE, TEMPLATES), (LAST,), None),  # nothing is
        ((CODE, TEMPLATES), (LAST, released(-72, "01d", "01d")), None),  # the order in the log does not matter
        ((CODE,), (released(-48, "01d", ""),), 2),  # a monorepo has one source
        ((source("Service", VersionId="v1", ETag="e"),), (), None),  # S3 does not say when something was written
        ((source("Service", CommitId="c0de", AuthorDate="yesterday"),), (), None),
        ((), (), None),
    ],
)
def test_lead_time_is_that_of_what_changed(
    source: Path, tools: Tools, sources: tuple[Any, ...], last: tuple[Any, ...], hours: float | None
) -> None:
    found = line(record(source, tools, "SUCCEEDED", *sources, past=last))
    assert found.get("lead_seconds") == (None if hours is None else hours * HOUR)


@pytest.mark.parametrize(
    ("past", "hours"),
    [
        ((), None),
        ((stage_event("SUCCEEDED", -5),), None),
        ((stage_event("SUCCEEDED", -5), stage_event("FAILED", -1)), 1),
        ((stage_event("FAILED", -1), stage_event("SUCCEEDED", -5)), 1),  # the order in the log does not matter
        ((stage_event("SUCCEEDED", -5), stage_event("FAILED", -3), stage_event("FAILED", -1)), 3),  # one incident
        ((stage_event("FAILED", -3),), 3),  # nothing was good before
        ((stage_event("FAILED", -5), stage_event("SUCCEEDED", -3)), None),  # restored by then
        ((stage_event("SUCCEEDED", -5), stage_event("STARTED", -2), stage_event("CANCELED", -1)), None),
        ((stage_event("SUCCEEDED", -5), stage_event("FAILED", -1), stage_event("SUCCEEDED", 0)), 1),  # its own event
        ((stage_event("FAILED", -1), "[Container] entering phase BUILD", '"{"', "7"), 1),  # lines of builds
    ],
)
def test_time_to_restore_is_from_the_first_failure_since_the_last_good_release(
    source: Path, tools: Tools, past: tuple[Any, ...], hours: float | None
) -> None:
    for kind in ("STANDARD", "ROLLBACK"):  # either way customers have something that works again
        found = line(record(source, tools, "SUCCEEDED", CODE, past=past, execution=executed(kind)))
        assert found.get("restore_seconds") == (None if hours is None else hours * HOUR)
    assert "restore_seconds" not in line(record(source, tools, "FAILED", CODE, past=past))


def test_months_of_events_are_not_too_many(source: Path, tools: Tools) -> None:
    """An argument of a command has at most 128 KiB on Linux."""
    past = [stage_event("SUCCEEDED", -hour, pipeline="courier-orders" * 20) for hour in range(1, 2000)]
    assert len(json.dumps(past)) > 500_000
    assert line(record(source, tools, "SUCCEEDED", CODE, past=tuple(past)))["outcome"] == "released"


def test_it_asks_for_this_pipeline_and_service_only(source: Path, tools: Tools) -> None:
    record(source, tools, "SUCCEEDED", CODE)
    (call,) = tools.calls("aws", "logs", "filter-log-events")
    asked = dict(zip(call[3::2], call[4::2], strict=True))
    assert asked["--log-group-name"] == "events"
    assert int(asked["--start-time"]) == (NOON - timedelta(days=90)).timestamp() * 1000
    for part in ('"courier-orders"', '"DeployProduction"', '$.service = "orders"'):
        assert part in asked["--filter-pattern"]


def test_what_cannot_be_asked_is_a_failed_build_and_no_line(source: Path, tools: Tools) -> None:
    outcome = record(source, tools, "SUCCEEDED", CODE, execution={"status": 254, "err": "AccessDeniedException"})
    assert not outcome.succeeded
    assert not [text for text in outcome.log.splitlines() if text.startswith('{"measure"')]
