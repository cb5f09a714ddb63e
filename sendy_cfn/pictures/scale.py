"""Numbers for people: short ones with their units, and axes with round ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NOTHING = "--"  # where there is no value, as in the console
_POWERS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_TIMES = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SECONDS = {"Seconds": 1.0, "Milliseconds": 1e-3, "Microseconds": 1e-6, "Minutes": 60.0}
_ROUND = (1, 2, 2.5, 5, 10)
# Steps of an axis of times, in seconds: what people count in.
_ROUND_TIMES = (
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 432_000, 864_000, 1_728_000, 4_320_000),
)


def digits(value: float) -> str:
    """Three significant digits, no zeros at the end: 12.3, 0.05, 120."""
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or not size else 4
    text = f"{value:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def short(value: float, unit: str = "") -> str:
    """12.3k, 45 %, 84 ms, 320 MB."""
    if unit in _SECONDS:
        return _duration(value * _SECONDS[unit])
    if unit == "Percent":
        return f"{digits(value)} %"
    size = next(((power, letter) for power, letter in _POWERS if abs(value) >= power * 0.9995), (1.0, ""))
    if unit == "Bytes":
        return f"{digits(value / size[0])} {size[1]}B"
    return digits(value / size[0]) + size[1]


def _duration(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in _TIMES if abs(seconds) >= size * 0.9995), _TIMES[-1])
    return "0 s" if not seconds else f"{digits(seconds / size)} {unit}"


@dataclass(frozen=True)
class Axis:
    """From the lowest to the highest value that a chart has room for."""

    low: float
    high: float
    ticks: tuple[float, ...]
    unit: str = ""

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high one; values outside are at the border."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def labels(self) -> list[str]:
        """The ticks' texts."""
        return [short(tick, self.unit) for tick in self.ticks]


def axis(values: Sequence[float], unit: str, steps: int, low: float | None = None, high: float | None = None) -> Axis:
    """An axis for the values, from 0 unless they are far from it or negative.

    Args:
        values: That are drawn, with those of annotations.
        unit: Of the values.
        steps: About how many ticks there is room for.
        low: Its lower end, if that is given.
        high: Its upper end, likewise.
    """
    least, most = min(values, default=0.0), max(values, default=1.0)
    bottom = low if low is not None else (0.0 if least >= 0 and least < 0.8 * most else least)
    top = high if high is not None else most
    if top <= bottom:
        top = bottom + (abs(bottom) or 1.0)
    step = _step((top - bottom) / max(steps, 1), unit)
    if low is None:
        bottom = step * _floor(bottom / step)
    if high is None:
        top = step * -_floor(-top / step)
        if unit == "Percent" and most <= 100:
            top = min(top, max(100.0, most)) if bottom < 100 else top
    first = -_floor(-bottom / step)
    ticks = []
    while (tick := first * step) <= top + step * 1e-6:
        ticks.append(round(tick, 9))
        first += 1
    return Axis(bottom, top, tuple(ticks), unit)


def _floor(value: float) -> int:
    return int(value // 1 + (1 if value % 1 > 1 - 1e-9 else 0))


def _step(least: float, unit: str) -> float:
    factor = _SECONDS.get(unit)
    if factor and 30 < least * factor <= _ROUND_TIMES[-1]:
        return next(size for size in _ROUND_TIMES if size >= least * factor * 0.999) / factor
    power = 1.0
    while power * 10 <= least:
        power *= 10
    while power > least:
        power /= 10
    return next(power * size for size in _ROUND if power * size >= least * 0.999)
