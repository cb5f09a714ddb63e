"""Queries of Logs Insights over the event log: saved ones, and those of the dashboard.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import logs

from sendy_cfn.names import logical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn

DAYS = 28  # that are compared: four weeks, so that each has as many of every weekday
_AGO = f"floor((now() * 1000 - toMillis(@timestamp)) / {DAYS * 24 * 3600 * 1000})"
_STAGES = 'filter `detail-type` = "CodePipeline Stage Execution State Change"'

RELEASES = (
    'filter measure = "release"'
    " | fields lead_seconds / 3600 as lead_hours, restore_seconds / 60 as restore_minutes"
    " | sort at desc | limit 100"
    " | display at, service, outcome, commit, templates, trigger, approved_by, lead_hours, restore_minutes"
)
# periods_ago: 0 are the last 28 days, 1 the 28 before.
BY_SERVICE = (
    'filter measure = "release"'
    f" | fields {_AGO} as periods_ago, lead_seconds / 3600 as lead_hours, restore_seconds / 60 as restore_minutes"
    " | filter periods_ago < 2"
    " | stats count(*) as releases, avg(lead_hours) as mean_lead_hours, avg(restore_minutes) as mean_restore_minutes"
    " by service, outcome, periods_ago | sort service, outcome, periods_ago"
)
# Of each execution first: two `stats` one after the other.
STAGE_DURATIONS = (
    f'{_STAGES} and detail.state in ["STARTED", "RESUMED", "SUCCEEDED", "FAILED"]'
    " | fields toMillis(@timestamp) as at"
    " | stats max(at) as ended, min(at) as began, (ended - began) / 60000 as minutes"
    " by detail.pipeline as pipeline, detail.stage as stage, `detail.execution-id` as execution"
    " | stats count(*) as executions, avg(minutes) as mean, pct(minutes, 90) as p90, max(minutes) as longest"
    " by pipeline, stage | sort pipeline, stage"
)
FAILED_STAGES = (
    f'{_STAGES} and detail.state = "FAILED"'
    " | sort @timestamp desc | limit 100"
    " | display time, detail.pipeline, detail.stage, `detail.execution-id`"
)
SAVED = {
    "Releases": ("who released what", RELEASES),
    "ReleasesByService": ("releases by service, last 28 days and the 28 before", BY_SERVICE),
    "StageDurations": ("stage durations in minutes", STAGE_DURATIONS),
    "FailedStages": ("failed stages", FAILED_STAGES),
}


def deployed(environment: str) -> str:
    """Deployments to an environment that is not the last one, and what started their executions.

    Of the last environment's there is a line each, which says more: RELEASES.
    """
    return (
        f'filter (`detail-type` = "CodePipeline Stage Execution State Change" and detail.state != "STARTED"'
        f' and detail.stage = "Deploy{logical(environment)}")'
        ' or (`detail-type` = "CodePipeline Pipeline Execution State Change" and detail.state = "STARTED")'
        " | sort @timestamp desc | limit 200"
        " | display time, detail.pipeline, `detail.execution-id`, detail.stage, detail.state,"
        " `detail.execution-trigger.trigger-type`, `detail.execution-trigger.trigger-detail`"
    )


def saved(platform: str, environments: Sequence[str], group: AWSHelperFn) -> list[logs.QueryDefinition]:
    """The queries as people find them in Logs Insights; `/` in names makes folders.

    Among those of each environment, where `service_queries` are, too, who deployed what: what tells it is here.
    """
    *earlier, last = environments
    by_environment = {name: deployed(name) for name in earlier} | {last: RELEASES}
    named = {title: (f"delivery/{name}", query) for title, (name, query) in SAVED.items()} | {
        f"DeployedTo{logical(name)}": (f"{name}/who deployed what", query) for name, query in by_environment.items()
    }
    return [
        logs.QueryDefinition(
            f"{title}Query",
            Name=f"{platform}/{name}",
            QueryString=query.replace(" | ", "\n| "),
            LogGroupNames=[group],
        )
        for title, (name, query) in named.items()
    ]
