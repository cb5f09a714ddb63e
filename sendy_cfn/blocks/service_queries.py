"""Queries of Logs Insights over what services log, for whichever of their log groups people choose.

Services' log groups have names that CloudFormation makes, and their stacks come after the environment's. A query can
begin with `SOURCE logGroups(namePrefix: […])`, but not in the console, AWS says, and that is where saved ones are used.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html

They need lines of JSON with these fields, as the sample service writes them: `time`, `level` (`error`), `message`
(`listening` when a task begins to serve), `version`, and of requests `method`, `path`, `status`, `milliseconds` and
`trace_id`.
"""

from __future__ import annotations

from troposphere import Sub, logs

# Of each version and message when it came first and last, newest first: what is above the line of the last version's
# first task came after it began to serve.
ERRORS = (
    'filter level = "error" or message = "listening"'
    " | stats earliest(time) as since, latest(time) as until, count(*) as times, latest(path) as last_path,"
    " latest(trace_id) as last_trace by @log, version, level, message"
    " | sort since desc | limit 100"
)
SLOWEST = (
    "filter ispresent(milliseconds)"
    " | sort milliseconds desc | limit 100"
    " | display time, milliseconds, method, path, status, version, trace_id, @log"
)
VERSIONS = (
    'filter message = "listening"'
    " | stats earliest(time) as first_task, latest(time) as last_task, count(*) as tasks by @log, version"
    " | sort first_task desc"
)
SAVED = {
    "DeploymentErrors": ("errors of the last deployment", ERRORS),
    "SlowestRequests": ("slowest requests", SLOWEST),
    "Versions": ("what runs since when", VERSIONS),
}


def saved(platform: str) -> list[logs.QueryDefinition]:
    """The queries of one environment, for a template that has the parameter `Environment`."""
    return [
        logs.QueryDefinition(
            f"{title}Query",
            Name=Sub(f"{platform}/${{Environment}}/{name}"),
            QueryString=query.replace(" | ", "\n| "),
        )
        for title, (name, query) in SAVED.items()
    ]
