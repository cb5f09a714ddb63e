"""Where the texts of a picture are."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import body, picture
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.svg import Area

FOLDER = Path(__file__).parent
SVG = "{http://www.w3.org/2000/svg}"
SPECIMEN = FOLDER / "specimen.json"
GOLDEN = FOLDER / "specimen.svg"
ARN = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:AnswersErrors"
BALANCER = ("LoadBalancer", "app/demo/1")
ALARM = Alarm(
    name="orders-production-AnswersErrors",
    metrics=[
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", *BALANCER, {"id": "errors", "visible": False}],
        ["AWS/ApplicationELB", "RequestCount", *BALANCER, {"id": "requests", "visible": False}],
        [{"expression": "100 * FILL(errors, 0) / requests", "id": "share", "label": "errors, %"}],
    ],
    threshold=2.0,
    periods=5,
    datapoints=3,
    stat="Sum",
    period=60,
)


@functools.cache
def specimen() -> body.Body:
    """A dashboard with every kind of widget."""
    return body.read(SPECIMEN.read_text(encoding="utf-8"))


def subject(of: body.Body) -> picture.Subject:
    return picture.Subject("courier-production-orders", of, "service-orders.yaml, production", alarms={ARN: ALARM})


def one(type_: str, properties: Mapping[str, Any], width: int = 12, height: int = 6) -> body.Body:
    """A dashboard of one widget."""
    widget = {"type": type_, "x": 0, "y": 0, "width": width, "height": height, "properties": properties}
    return body.read(json.dumps({"start": "-PT6H", "widgets": [widget]}))


def drawn(of: body.Body) -> ET.Element:
    return ET.fromstring(picture.draw(subject(of)))


def widgets(svg: ET.Element) -> list[ET.Element]:
    return [group for group in svg.iter(f"{SVG}g") if group.get("class") == "widget"]


def texts(element: ET.Element) -> list[str]:
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def boxes(element: ET.Element) -> Iterator[tuple[str, Area]]:
    """Each text and the room that it takes, from its highest letters to its lowest ones."""
    for text in element.iter(f"{SVG}text"):
        wide, size = float(text.attrib["textLength"]), float(text.attrib["font-size"])
        left = {"start": 0.0, "middle": wide / 2, "end": wide}[text.get("text-anchor", "start")]
        top = float(text.attrib["y"]) - size * 0.74
        yield text.text or "", Area(float(text.attrib["x"]) - left, top, wide, size * 0.95)


def covered(element: ET.Element) -> list[tuple[str, str]]:
    """Pairs of texts that are in each other's way."""
    found = itertools.combinations(boxes(element), 2)
    return [(one_text, other_text) for (one_text, a), (other_text, b) in found if meets(a, b)]


def meets(one_area: Area, other: Area) -> bool:
    return (
        min(one_area.right, other.right) - max(one_area.x, other.x) > 0.5
        and min(one_area.bottom, other.bottom) - max(one_area.y, other.y) > 0.5
    )


def outside(element: ET.Element, area: Area) -> list[str]:
    """Texts that leave the area."""
    return [
        text
        for text, box in boxes(element)
        if box.x < area.x or box.right > area.right or box.y < area.y or box.bottom > area.bottom
    ]
