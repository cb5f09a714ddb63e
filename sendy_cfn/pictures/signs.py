"""States of alarms as people see them: colour, sign and word, so that none is told by colour alone."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from sendy_cfn.pictures.svg import add

FILLS = {"ALARM": "#fdf3f1", "INSUFFICIENT_DATA": "#f2f3f3", "OK": "#f2f8f0"}
COLOURS = {"ALARM": "#d13212", "INSUFFICIENT_DATA": "#687078", "OK": "#1d8102"}
WORDS = {"ALARM": "In alarm", "INSUFFICIENT_DATA": "Insufficient data", "OK": "OK"}
WIDE = 15.0  # a sign, and the room to what follows


def sign(parent: ET.Element, x: float, y: float, state: str) -> None:
    """A triangle, a ring or a tick around a point."""
    colour = COLOURS[state]
    if state == "ALARM":
        add(parent, "path", d=f"M{x:g} {y - 4.5:g}l5 8.5h-10z", fill=colour)
    elif state == "OK":
        add(parent, "path", d=f"M{x - 4:g} {y:g}l3 3.2 5.5 -6.2", fill="none", stroke=colour, stroke_width=1.8)
    else:
        add(parent, "circle", cx=x, cy=y, r=3.6, fill="none", stroke=colour, stroke_width=1.6)
