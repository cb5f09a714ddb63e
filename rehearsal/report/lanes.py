"""Panels of what stays until it changes: scenarios, weights, numbers of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from rehearsal.report.axes import LEFT, RIGHT, Panel, Time, below, cut, head, label, line, linear, stairs, wide
from rehearsal.report.model import Scenario, Steps
from rehearsal.report.panels import ABOVE, COLOURS, Drawn
from rehearsal.report.text import Html, count, escape, tag

TITLE, HEIGHT = 30.0, 56.0  # room for a title, height of a panel
LABEL, LANE = 16.0, 14.0  # room for a lane's name, height of a lane
BESIDE = 2  # so many lines share a panel; more have a lane each
SIDES = {"blue": "s0", "green": "s1"}  # names that are colours have them

Points = Sequence[tuple[float, float]]  # time, value from then on


def scenarios(given: Sequence[Scenario], time: Time, y: float) -> Drawn:
    """A box for each scenario, below `y`, with its number and as much of its title as there is room for."""
    top, bottom = y + 6, y + 24
    boxes, labels = [], []
    for number, each in enumerate(given, 1):
        begin, end = time.x(each.start), time.x(each.end)
        if end - begin < 1:
            continue
        kind = "bad" if not each.passed else "control" if each.failures_expected else "good"
        size = {"x": f"{begin:g}", "y": f"{top:g}", "width": f"{end - begin - 1:.1f}", "height": f"{bottom - top:g}"}
        boxes += [tag("rect", tag("title", escape(f"{number}. {each.title}")), **size, rx=3, class_=f"box {kind}")]
        text = _fitting(number, each.title, end - begin - 8)
        labels += [label((begin + end) / 2, bottom - 5, text, "middle")] if text else []
    return Drawn(Html("".join(boxes)), Html("".join(labels)), bottom)


def _fitting(number: int, title: str, room: float) -> str:
    full = f"{number}. {title}"
    if wide(full) <= room or room > 80:
        return cut(full, room)
    return str(number) if wide(str(number)) <= room else ""


def steps(given: Steps, time: Time, y: float) -> Drawn | None:
    """Lines, or lanes where there are more than two, below `y`; None where there is nothing to tell.

    That is a single value that stays as it is, or none within the time.
    """
    shown = {name: points for name, each in given.series.items() if (points := _during(each, time))}
    still = {name: points[0][1] for name, points in shown.items() if len({value for _, value in points}) == 1}
    if not shown or (len(shown) == 1 and still):
        return None
    title = f"{given.title} ({given.unit})" if given.unit else given.title
    return _lines(title, shown, time, y) if len(shown) <= BESIDE else _lanes(title, shown, still, time, y)


def _lines(title: str, shown: dict[str, Points], time: Time, y: float) -> Drawn:
    keys = [(SIDES.get(name, f"s{number % COLOURS}"), name) for number, name in enumerate(shown)]
    top = y + TITLE + below(title, keys)
    panel = linear(top, top + HEIGHT, max(value for points in shown.values() for _, value in points), 2)
    parts = [panel.frame()]
    for (class_, _), points in zip(keys, shown.values(), strict=True):
        parts.append(tag("path", d=stairs(_corners(points, time, panel)), class_=f"line {class_}"))
    return Drawn(Html("".join(parts)), head(top - ABOVE, title, keys), top + HEIGHT)


def _lanes(title: str, shown: dict[str, Points], still: dict[str, float], time: Time, y: float) -> Drawn:
    """A lane for each line that changes, one scale for all; the others are named."""
    y += TITLE
    parts, heads = [], [head(y - ABOVE, title)]
    highest = max(value for points in shown.values() for _, value in points)
    for name, points in shown.items():
        if name in still:
            continue
        top = y + LABEL
        panel = Panel(top, top + LANE, lambda value: value / max(highest, 1), [(highest, count(highest))])
        corners = _corners(points, time, panel)
        area = f"{stairs(corners)}V{top + LANE:g}H{corners[0][0]:g}Z"
        parts += [panel.frame(), tag("path", d=area, class_="lane"), line(LEFT, top + LANE, RIGHT, top + LANE, "axis")]
        heads.append(label(LEFT, top - 4, cut(name, RIGHT - LEFT), "start", "label key"))
        y = top + LANE
    if still:
        named = ", ".join(f"{name} {count(value)}" for name, value in still.items())
        y += LABEL + 4
        heads.append(label(LEFT, y - 4, cut(f"unchanged: {named}", RIGHT - LEFT), "start", "label key"))
    return Drawn(Html("".join(parts)), Html("".join(heads)), y)


def _corners(points: Points, time: Time, panel: Panel) -> list[tuple[float, float, float]]:
    ends = [at for at, _ in points[1:]] + [time.end]
    return [(time.x(at), time.x(end), panel.y(value)) for (at, value), end in zip(points, ends, strict=True)]


def _during(points: Points, time: Time) -> Points:
    """The points inside at which the value changes, with the value that holds at the start."""
    ordered = sorted(points)
    before = [value for at, value in ordered if at <= time.start]
    inside = [(at, value) for at, value in ordered if time.start < at < time.end]
    found = [(time.start, before[-1])] if before else []
    for at, value in inside:
        if not found or found[-1][1] != value:
            found.append((at, value))
    return found
