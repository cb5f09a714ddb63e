from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full.traffic_requests import Latency, Requests, latency, percentile, read


def test_percentiles_are_values_that_were_measured() -> None:
    assert [percentile([1.0, 2.0, 3.0, 4.0], each) for each in (1, 25, 26, 50, 75, 99, 100)] == [1, 1, 2, 2, 3, 4, 4]
    assert percentile([float(each) for each in range(1, 101)], 95) == 95
    assert percentile([], 99) == 0.0
    assert latency([5, 1, 3]) == Latency(3, 5, 5, 5)


def line(at: float, version: str | None = "a", error: str | None = None, **more: Any) -> str:
    request = {"at": at, "ms": 2.0, "name": "GET /version", "status": 200, "ok": error is None, "error": error}
    request |= {"version": version, "new_connection": False, "retried": False, "peer": "127.0.1.1"}
    return json.dumps(request | more) + "\n"


def test_the_file_is_read_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    requests = Requests(path)
    assert requests.update() == 0
    first, second = line(10.0), line(11.0, "b")
    path.write_text(first + second[:20])
    assert requests.update() == 1
    assert requests.update() == 0
    with path.open("a") as file:
        file.write(second[20:])
    assert requests.update() == 1
    assert (requests.requests, requests.failed) == (2, 0)
    found, offset = read(path, 0)
    assert [each.version for each in found] == ["a", "b"]
    assert offset == path.stat().st_size


def test_something_else_in_the_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    path.write_text("Traceback\n")
    with pytest.raises(RehearsalError, match="not a request"):
        Requests(path).update()


@pytest.fixture
def measured(tmp_path: Path) -> Requests:
    path = tmp_path / "requests"
    lines = [line(100 + number / 100, "old" if number < 150 else "new", ms=float(number)) for number in range(300)]
    lines[7] = line(100.07, None, "connection refused", status=0, peer=None)
    lines[250] = line(102.5, "new", retried=True, new_connection=True, ms=900.0)
    path.write_text("".join(reversed(lines)))  # answers come in any order
    requests = Requests(path)
    requests.update()
    return requests


def test_a_stretch_of_time_is_measured(measured: Requests) -> None:
    part = measured.between(101.0, 102.0)
    assert (part.requests, part.failed, part.errors) == (100, 0, {})
    assert {version: share.requests for version, share in part.by_version.items()} == {"old": 50, "new": 50}
    assert (part.by_version["old"].first, part.by_version["old"].last) == (101.0, 101.49)
    assert part.by_version["new"].latency == Latency(174, 197, 199, 199)


def test_failures_are_counted_by_kind(measured: Requests) -> None:
    whole = measured.between()
    assert (whole.requests, whole.failed, whole.retried, whole.connections) == (300, 1, 1, 1)
    assert whole.errors == {"connection refused": 1}
    assert whole.by_version[""].failed == 1
    assert whole.by_peer == {"": 1, "127.0.1.1": 299}
    assert whole.latency.max == 900.0
    assert measured.between(500).requests == 0


def test_seconds_keep_failures_apart(measured: Requests) -> None:
    seconds = measured.seconds()
    assert [(each.at, each.by_version, each.failed) for each in seconds] == [
        (100, {"old": 99}, 1),
        (101, {"new": 50, "old": 50}, 0),
        (102, {"new": 100}, 0),
    ]
    rates = measured.rates(99, 102)
    assert [(each.at, each.by_version, each.failed) for each in rates] == [
        (99, {}, 0),
        *((each.at, each.by_version, each.failed) for each in seconds[:2]),
    ]
