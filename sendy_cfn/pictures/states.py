"""Alarm status widgets: a tile for each alarm, with its name and the state that its sample data puts it in."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from sendy_cfn.pictures import alarm_states
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.properties import STATES
from sendy_cfn.pictures.setting import Notes, Setting, empty, titled
from sendy_cfn.pictures.signs import COLOURS, FILLS, WIDE, WORDS, sign
from sendy_cfn.pictures.svg import FAINT, Area, cut_inside, rectangle, width, write

LOWEST, TALL, HIGHEST = 20.0, 36.0, 46.0  # of an alarm's tile; a tall one has two lines
SIZE, SMALL = 10.5, 10.0  # of letters
NARROWEST, EDGE = 110.0, 6.0


def draw(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """An alarm widget."""
    given = widget.properties
    names = {
        arn: setting.alarms[arn].name if arn in setting.alarms else arn.rpartition(":")[2] for arn in given["alarms"]
    }
    states = {arn: setting.state(arn) for arn in names}
    wanted = given.get("states") or STATES
    found = sorted((arn for arn in names if states[arn] in wanted), key=names.__getitem__)
    if given.get("sortBy", "default") != "default":
        found.sort(key=lambda arn: STATES.index(states[arn]))
    count = f"{sum(states[arn] == alarm_states.ALARM for arn in found)} of {len(found)} in alarm"
    room = titled(parent, area, given.get("title", "Alarms"))
    write(parent, room.x, room.y + 9, count, SIZE, room=room.width, fill=FAINT)
    room = room.inset(0, 16, 0, 0)
    if not found:
        empty(parent, room, "No alarm in these states")
        return []
    columns = _columns(room, [names[arn] for arn in found])
    rows = -(-len(found) // columns)
    wide, high = room.width / columns, min(max(room.height / rows, LOWEST), HIGHEST)
    shown = found[: columns * int(room.height / high + 0.01)]  # whole, but for rounding
    for place, arn in enumerate(shown):
        tile = Area(room.x + place % columns * wide, room.y + place // columns * high, wide, high)
        _tile(parent, tile.inset(2, 2), names[arn], states[arn])
    left_out = len(found) - len(shown)
    return [f"{left_out} alarms of widget {widget.number} have no room"] if left_out else []


def _columns(room: Area, names: list[str]) -> int:
    """As many as the names have room for; more where there are so many alarms that they would not all be seen."""
    longest = max(width(name, SIZE) for name in names) + WIDE + 2 * EDGE + 4
    roomy = max(int(room.width // longest), 1)
    rows = max(int(room.height // LOWEST), 1)
    needed = -(-len(names) // rows)
    return min(max(roomy, min(needed, max(int(room.width // NARROWEST), 1))), len(names))


def _tile(parent: ET.Element, tile: Area, name: str, state: str) -> None:
    rectangle(parent, tile, FILLS[state], stroke=COLOURS[state], stroke_width=0.8, rx=2)
    tall = tile.height > TALL
    y = tile.y + (14 if tall else tile.height / 2 + 4)
    sign(parent, tile.x + 10, y - 3.5, state)
    left, room = tile.x + EDGE + WIDE, tile.width - WIDE - 2 * EDGE
    word = WORDS[state]
    beside = width(word, SMALL) + 10
    if not tall and room - beside >= width(name, SIZE):
        write(parent, tile.right - EDGE, y, word, SMALL, anchor="end", fill=COLOURS[state])
    write(parent, left, y, cut_inside(name, room, SIZE), SIZE)
    if tall:
        write(parent, left, y + 14, word, SMALL, room=room, fill=COLOURS[state])
