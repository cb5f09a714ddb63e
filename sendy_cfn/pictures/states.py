"""Alarm status widgets. Which state an alarm is in is made up from its name."""

from __future__ import annotations

from hashlib import blake2b
from xml.etree import ElementTree as ET

from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.properties import STATES
from sendy_cfn.pictures.setting import Notes, Setting, empty, titled
from sendy_cfn.pictures.svg import FAINT, Area, add, rectangle, write

COLOURS = {"ALARM": ("#fdf3f1", "#d13212"), "INSUFFICIENT_DATA": ("#f2f3f3", "#687078"), "OK": ("#f2f8f0", "#1d8102")}
TEXTS = {"ALARM": "In alarm", "INSUFFICIENT_DATA": "Insufficient data", "OK": "OK"}
LOWEST, HIGHEST, NARROWEST = 20.0, 46.0, 150.0  # of an alarm's field
MARK = 15.0  # a state's sign, and the room to the name


def draw(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """An alarm widget."""
    given = widget.properties
    names = {
        arn: setting.alarms[arn].name if arn in setting.alarms else arn.rpartition(":")[2] for arn in given["alarms"]
    }
    states = {arn: state(name) for arn, name in names.items()}
    wanted = given.get("states") or STATES
    found = sorted((arn for arn in names if states[arn] in wanted), key=names.__getitem__)
    if given.get("sortBy", "default") != "default":
        found.sort(key=lambda arn: STATES.index(states[arn]))
    count = f"{sum(states[arn] == 'ALARM' for arn in found)} of {len(found)} in alarm"
    room = titled(parent, area, given.get("title", "Alarms"))
    write(parent, room.x, room.y + 9, count, 10.5, room=room.width, fill=FAINT)
    room = room.inset(0, 16, 0, 0)
    if not found:
        empty(parent, room, "No alarm in these states")
        return []
    rows = max(int(room.height // LOWEST), 1)
    columns = min(-(-len(found) // rows), max(int(room.width // NARROWEST), 1))
    wide, high = room.width / columns, min(max(room.height / -(-len(found) // columns), LOWEST), HIGHEST)
    shown = found[: columns * int(room.height // high)]
    for place, arn in enumerate(shown):
        field = Area(room.x + place % columns * wide, room.y + place // columns * high, wide, high)
        _field(parent, field.inset(2, 2), names[arn], states[arn])
    left_out = len(found) - len(shown)
    return [f"{left_out} alarms of widget {widget.number} have no room"] if left_out else []


def state(name: str) -> str:
    """The state of an alarm with this name in pictures."""
    chance = blake2b(name.encode(), digest_size=1).digest()[0] / 255
    return "ALARM" if chance < 0.14 else "INSUFFICIENT_DATA" if chance < 0.2 else "OK"


def _field(parent: ET.Element, field: Area, name: str, state_: str) -> None:
    fill, colour = COLOURS[state_]
    rectangle(parent, field, fill, stroke=colour, stroke_width=0.8, rx=2)
    tall = field.height > 36
    y = field.y + (14 if tall else field.height / 2 + 4)
    _sign(parent, field.x + 10, y - 3.5, state_, colour)
    write(parent, field.x + 6 + MARK, y, name, 10.5, room=field.width - MARK - 10)
    if tall:
        write(parent, field.x + 6 + MARK, y + 14, TEXTS[state_], 10, room=field.width - MARK - 10, fill=colour)


def _sign(parent: ET.Element, x: float, y: float, state_: str, colour: str) -> None:
    """A triangle, a ring or a tick: states are not told by colour alone."""
    if state_ == "ALARM":
        add(parent, "path", d=f"M{x:g} {y - 4.5:g}l5 8.5h-10z", fill=colour)
    elif state_ == "OK":
        add(parent, "path", d=f"M{x - 4:g} {y:g}l3 3.2 5.5 -6.2", fill="none", stroke=colour, stroke_width=1.8)
    else:
        add(parent, "circle", cx=x, cy=y, r=3.6, fill="none", stroke=colour, stroke_width=1.6)
