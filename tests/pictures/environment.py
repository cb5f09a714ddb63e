"""Templates in which an environment has a dashboard: a row of alarms for each service, bars, and states at the top."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.pictures.reading import FOLDER

KINDS = {"requests-band": "requests", "errors": "errors", "latency": "latency", "too-few-tasks": "tasks"}
ALARMS = (FOLDER / "alarms.yaml").read_text(encoding="utf-8")
STACK = "${AWS::StackName}"  # of the root, `<platform>-<environment>`


def put(file: Path, resource: str) -> None:
    """The resource, after all others of a template."""
    given = file.read_text(encoding="utf-8")
    file.write_text(given.replace("\nOutputs:\n", f"\n{resource}\nOutputs:\n", 1), encoding="utf-8")


def plant(templates: Path, services: Sequence[str], roots: Mapping[str, Sequence[str]]) -> None:
    """Alarms in the templates of services, and a dashboard in those of environments.

    Args:
        templates: The folder.
        services: That have rows.
        roots: Files of environments, and of each the services that are released by switching clusters there: of errors
            and latency they have an alarm for each cluster.
    """
    for file in templates.glob("service-*.yaml"):
        put(file, ALARMS)
    for root, switched in roots.items():
        put(templates / root, resource(body(services, switched)))


def resource(of: Mapping[str, Any]) -> str:
    """A dashboard with this body as a resource of a template."""
    text = json.dumps(of, indent=1)
    lines = "\n".join(f"        {line}" for line in text.splitlines())
    name = '      DashboardName: !Sub "${AWS::StackName}"'
    head = "  Dashboard:\n    Type: AWS::CloudWatch::Dashboard\n    Properties:"
    return f"{head}\n{name}\n      DashboardBody: !Sub |\n{lines}"


def body(services: Sequence[str], switched: Sequence[str] = ()) -> dict[str, Any]:
    """The dashboard's body, with references in it."""
    widgets = [
        _widget("text", (0, 0, 24, 2), {"markdown": "# ${Environment}\nA row for each service."}),
        _widget(
            "alarm",
            (0, 2, 12, 4),
            {"title": "Health", "alarms": [arn(f"{STACK}-{service}-health") for service in services[:100]]},
        ),
        _widget("metric", (12, 2, 12, 4), _bars("Releases in these hours", services, view="bar")),
        _widget("metric", (0, 6, 24, 5), _bars("Releases over time", services, view="timeSeries", stacked=True)),
    ]
    mark: tuple[dict[str, str], ...] = ({}, {"errors": "blue-errors", "latency": "blue-latency"})
    y = 11
    for service in services:
        widgets.append(_widget("text", (0, y, 24, 1), {"markdown": f"## {service}"}))
        widgets += [
            _widget(
                "metric",
                (6 * number, y + 1, 6, 5),
                {
                    "title": f"{service}: {title}",
                    "region": "${AWS::Region}",
                    "annotations": {"alarms": [arn(f"{STACK}-{service}-{mark[service in switched].get(kind, kind)}")]},
                },
            )
            for number, (kind, title) in enumerate(KINDS.items())
        ]
        y += 6
    return {"start": "-PT6H", "periodOverride": "inherit", "widgets": widgets}


def arn(name: str) -> str:
    return f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{name}"


def _widget(type_: str, place: tuple[int, int, int, int], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, **dict(zip(("x", "y", "width", "height"), place, strict=True)), "properties": properties}


def _bars(title: str, services: Sequence[str], **view: Any) -> dict[str, Any]:
    metrics = [
        ["${Environment}/Deployments", "Deployed", "Service", service, {"label": service}] for service in services[:3]
    ]
    whole = {"setPeriodToTimeRange": True} if view["view"] == "bar" else {}
    return {
        "title": title,
        "region": "${AWS::Region}",
        "metrics": metrics,
        "stat": "Sum",
        "period": 900,
        **view,
        **whole,
    }
