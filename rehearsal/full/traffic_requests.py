"""The load generator's file of requests, read while it grows, and measured."""

from __future__ import annotations

import json
import math
import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.events import RehearsalError

UNKNOWN = ""  # the version of an answer that does not name one
_BLOCK = 1 << 22  # bytes parsed at a time


@dataclass(frozen=True)
class Request:
    """One request, as the load generator wrote it down."""

    at: float  # seconds since 1970, when it was sent
    ms: float  # until the whole answer was there, with the connection where it is new, and with the second try
    name: str  # "GET /version"
    status: int  # 0: no answer
    ok: bool
    error: str | None
    version: str | None
    new_connection: bool
    retried: bool  # the kept connection was closed under it, and it was sent once more
    peer: str | None  # address that was connected to


@dataclass(frozen=True)
class Latency:
    """Milliseconds; all 0 where nothing was answered."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    max: float = 0.0


@dataclass(frozen=True)
class Share:
    """The requests of one version."""

    requests: int
    failed: int
    latency: Latency
    first: float  # when its first request was sent, seconds since 1970
    last: float


@dataclass(frozen=True)
class Second:
    """What was sent within one second."""

    at: int  # seconds since 1970
    by_version: dict[str, int]  # answered as expected
    failed: int
    latency: Latency


@dataclass(frozen=True)
class Rate:
    """How much was sent within one second."""

    at: int  # seconds since 1970
    by_version: dict[str, int]  # answered as expected
    failed: int


@dataclass(frozen=True)
class Measured:
    """What was sent from one moment to another."""

    requests: int = 0
    failed: int = 0
    retried: int = 0
    connections: int = 0  # new ones
    errors: dict[str, int] = field(default_factory=dict)  # by kind
    by_version: dict[str, Share] = field(default_factory=dict)  # "": answers that do not name it, and no answer
    by_peer: dict[str, int] = field(default_factory=dict)  # requests by address connected to
    latency: Latency = Latency()


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest rank: the smallest of the ascending values that `percent` % of them do not exceed; 0.0 of none."""
    return ordered[max(math.ceil(percent * len(ordered) / 100), 1) - 1] if ordered else 0.0


def latency(milliseconds: Iterable[float]) -> Latency:
    """The percentiles of the values, in any order."""
    ordered = sorted(milliseconds)
    p50, p95, p99 = (percentile(ordered, percent) for percent in (50, 95, 99))
    return Latency(p50, p95, p99, ordered[-1] if ordered else 0.0)


def read(path: Path, offset: int) -> tuple[list[Request], int]:
    """The requests written from `offset` (bytes) on, one block at most, and the offset to go on from.

    The line that is being written is left for the next time.

    Raises:
        RehearsalError: A line is not a request.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        block = file.read(_BLOCK)
    whole = block[: block.rfind(b"\n") + 1]
    try:
        return [Request(**json.loads(line)) for line in whole.splitlines()], offset + len(whole)
    except (ValueError, TypeError) as error:
        raise RehearsalError(f"{path}: not a request in the lines from byte {offset} on: {error}") from None


class _Names:
    """Small numbers for texts that repeat."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return self._numbers[text]


class Requests:
    """All requests so far; safe to use from several threads. About 35 bytes a request are kept."""

    def __init__(self, path: Path) -> None:
        """Nothing is read before `update`, and the file need not exist yet."""
        self._path = path
        self._lock = threading.Lock()
        self._offset = 0
        self._names = _Names()
        self._at = array("d")
        self._ms = array("d")
        self._version = array("H")
        self._error = array("H")
        self._peer = array("H")
        self._flags = array("B")  # 1: new connection, 2: sent twice
        self._seconds: dict[int, array[int]] = {}  # the rows of each second
        self._counts: dict[int, Counter[int]] = {}  # by second: version, -1 for failures
        self._total: Counter[str] = Counter()

    def update(self) -> int:
        """Read what was written since; how many requests that is.

        Raises:
            RehearsalError: The file holds something else.
        """
        added = 0
        with self._lock:
            while True:
                found, self._offset = read(self._path, self._offset)
                for request in found:
                    self._add(request)
                added += len(found)
                if not found:
                    return added

    def _add(self, request: Request) -> None:
        number = self._names.number
        second, version = int(request.at), number(request.version or UNKNOWN)
        self._seconds.setdefault(second, array("L")).append(len(self._at))
        self._counts.setdefault(second, Counter())[version if request.ok else -1] += 1
        self._at.append(request.at)
        self._ms.append(request.ms)
        self._version.append(version)
        self._error.append(number("" if request.ok else request.error or "unknown"))
        self._peer.append(number(request.peer or ""))
        self._flags.append(request.new_connection + 2 * request.retried)
        self._total.update(requests=1, failed=not request.ok, retried=request.retried)

    @property
    def requests(self) -> int:
        """How many were read."""
        return self._total["requests"]

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return self._total["failed"]

    @property
    def retried(self) -> int:
        """How many of them were sent twice."""
        return self._total["retried"]

    def rates(self, start: int, end: int) -> list[Rate]:
        """Every second from `start` to before `end`, also those without requests; cheap, unlike `seconds`."""
        with self._lock:
            return [self._rate(second) for second in range(start, end)]

    def _rate(self, second: int) -> Rate:
        counts = self._counts.get(second, Counter[int]())
        return Rate(second, {self._names.texts[each]: count for each, count in counts.items() if each >= 0}, counts[-1])

    def seconds(self, start: float = 0.0, end: float = math.inf) -> list[Second]:
        """Each whole second that touches the time from `start` to `end`, in order; none for a second without any."""
        with self._lock:
            known = sorted(second for second in self._seconds if int(start) <= second < end)
            return [self._second(second) for second in known]

    def _second(self, second: int) -> Second:
        rows = self._seconds[second]
        fine = [row for row in rows if not self._names.texts[self._error[row]]]
        versions = Counter(self._names.texts[self._version[row]] for row in fine)
        return Second(
            second, dict(sorted(versions.items())), len(rows) - len(fine), latency(self._ms[row] for row in fine)
        )

    def between(self, start: float = 0.0, end: float = math.inf) -> Measured:
        """The requests sent at or after `start` and before `end` (seconds since 1970)."""
        with self._lock:
            return self._measure(list(self._rows(start, end)))

    def _rows(self, start: float, end: float) -> Iterator[int]:
        for second in sorted(self._seconds):
            if int(start) <= second < end:
                yield from (row for row in self._seconds[second] if start <= self._at[row] < end)

    def _measure(self, rows: list[int]) -> Measured:
        texts = self._names.texts
        versions: dict[int, list[int]] = {}
        for row in rows:
            versions.setdefault(self._version[row], []).append(row)
        errors = Counter(self._error[row] for row in rows)
        peers = Counter(self._peer[row] for row in rows)
        kinds = {texts[error]: count for error, count in errors.most_common() if texts[error]}
        return Measured(
            len(rows),
            sum(kinds.values()),
            sum(self._flags[row] >> 1 for row in rows),
            sum(self._flags[row] & 1 for row in rows),
            kinds,
            dict(sorted((texts[version], self._share(mine)) for version, mine in versions.items())),
            dict(sorted((texts[peer], count) for peer, count in peers.items())),
            latency(self._ms[row] for row in rows),
        )

    def _share(self, rows: list[int]) -> Share:
        times = [self._at[row] for row in rows]
        failed = sum(bool(self._names.texts[self._error[row]]) for row in rows)
        return Share(len(rows), failed, latency(self._ms[row] for row in rows), min(times), max(times))
