"""What a chart in a picture says: scale, lines and areas, read from the SVG, not from the code that drew them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from tests.pictures.reading import SVG

_NUMBER = re.compile(r"-?[0-9.]+")
Place = tuple[float, float]


def heights(group: ET.Element) -> tuple[float, float]:
    """Of the left axis: where 0 would be, and how much higher each 1 is, from two of its labels."""
    found = []
    for text in group.iter(f"{SVG}text"):
        if text.get("text-anchor") == "end" and re.fullmatch(r"[0-9.]+k?( %)?", text.text or ""):
            number = float(_NUMBER.findall(text.text or "")[0]) * (1000 if "k" in (text.text or "") else 1)
            found.append((number, float(text.attrib["y"]) - 3.5))
    (low, bottom), (high, top) = found[0], found[-1]
    per = (bottom - top) / (high - low)
    return bottom + low * per, per


def places(data: str) -> list[Place]:
    """The points of a path: a start, and steps from there."""
    numbers = list(map(float, _NUMBER.findall(data)))
    x, y = numbers[0], numbers[1]
    found = [(x, y)]
    for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
        x, y = x + dx, y + dy
        found.append((x, y))
    return found


def line(group: ET.Element) -> list[Place]:
    """The first line of a chart."""
    return places(next(each.attrib["d"] for each in group.iter(f"{SVG}path") if each.get("stroke-width") == "1.6"))


def band(group: ET.Element) -> tuple[list[Place], list[Place]]:
    """The upper and the lower border of a shaded area, both from the left."""
    found = places(next(each.attrib["d"] for each in group.iter(f"{SVG}path") if each.get("fill-opacity") == "0.3"))
    half = len(found) // 2
    return found[:half], found[half:][::-1]


def dashed(group: ET.Element) -> list[float]:
    """Heights of dashed lines."""
    return [float(each.attrib["y1"]) for each in group.iter(f"{SVG}line") if each.get("stroke-dasharray")]
