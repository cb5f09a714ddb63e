"""A rehearsal that might have been: releases, a killed task, a control, and texts that try to break out of the page."""

from __future__ import annotations

import random

from rehearsal.report.model import Entry, Meta, Phase, Result, Scenario, Second, Share, Steps

ZERO = 1_795_708_800.0  # 2026-11-26T16:00:00Z
FIRST, SECOND, THIRD = "1f0c2b7d9e55aa01c3d4", "8d21e07b44c0ffee1234", "c70033bb12dd90ef5678"
EVIL = "</script><script>document.title='broken out'</script>\"'><img src=x onerror=alert(1)>\x1b[31m"

# From, to, versions before and after, when the switch begins.
RELEASES = ((20, 200, FIRST, SECOND, 90), (230, 420, SECOND, THIRD, 300))
CONTROL = (640, 720)


def result(length: int = 760) -> Result:
    """The sample; the same every time."""
    chance = random.Random(7)
    seconds = tuple(_second(at, chance) for at in range(length))
    return Result(
        Meta(
            "ecs-fargate-bluegreen",
            "orders",
            "short",
            "2026-11-26T16:00:00+00:00",
            float(length),
            3,
            {"cores": "2", "podman": "4.3.1", "HAProxy": "2.6.12", "unbound": "1.17.1", "Locust": "2.47.0"},
        ),
        _scenarios(seconds),
        _timeline(),
        seconds,
        _phases(),
        (
            Steps(
                "Weights of orders.example.com",
                "",
                {
                    "blue": ((ZERO, 100), (ZERO + 90, 0), (ZERO + 300, 100), (ZERO + 640, 0), (ZERO + 720, 100)),
                    "green": ((ZERO, 0), (ZERO + 90, 100), (ZERO + 300, 0), (ZERO + 640, 100), (ZERO + 720, 0)),
                },
            ),
            Steps(
                "Healthy tasks",
                "number",
                {
                    "blue": ((ZERO, 3), (ZERO + 160, 0), (ZERO + 240, 3), (ZERO + 500, 2), (ZERO + 520, 3)),
                    "green": ((ZERO, 0), (ZERO + 40, 3), (ZERO + 380, 0)),
                },
            ),
        ),
        (
            ("IAM", "the emulator does not evaluate policies"),
            ("Route 53 health checks", "no prober outside of the machine"),
            ("Security groups", "one network"),
        ),
        (
            ("ECS's scheduler", "a loop that starts and stops containers"),
            ("CodePipeline", "an interpreter of the stages"),
        ),
        (
            ("Load balancer", "HAProxy 2.6"),
            ("Containers", "podman 4.3"),
            ("Resolver", "unbound 1.17, TTL honoured"),
            ("Image builds and pushes", "buildah, into the emulator's registry"),
        ),
        (("BAKE_MINUTES", "15", "1"), ("GRACE_SECONDS", "300", "60")),
    )


def _second(at: int, chance: random.Random) -> Second:
    versions: dict[str, float] = {}
    total, failed = 300 + chance.randint(-9, 9), 0
    current = FIRST
    for _, end, before, after, switch in RELEASES:
        part = min(max((at - switch) / 28, 0.0), 1.0)
        if switch <= at < end and part < 1:
            versions[before] = round(total * 0.7 * (1 - part))
        if at >= switch and part > 0:
            current = after
    if CONTROL[0] <= at < CONTROL[0] + 32:
        failed = round(total * (1 - (at - CONTROL[0]) / 32) * 0.8)
    if at in (440, 505):  # between the scenarios, and in the one that kills a task
        failed = 1
    named = max(round((total - failed) * 0.7) - round(sum(versions.values())), 0)
    versions[current] = versions.get(current, 0) + named
    versions[""] = max(total - failed - sum(versions.values()), 0)
    slow = 4.0 if 500 <= at < 520 else 1.0
    p50 = chance.uniform(2.4, 3.1) * slow
    return Second(ZERO + at, versions, failed, round(p50, 2), round(p50 * 3, 2), round(p50 * chance.uniform(4, 16), 2))


def _scenarios(seconds: tuple[Second, ...]) -> tuple[Scenario, ...]:
    given = (
        (
            "release",
            "A release under traffic",
            "no request fails",
            "none failed, every visitor on the new version",
            20,
            200,
        ),
        ("next", "The next release, back to blue", "no request fails", "none failed", 230, 420),
        ("task", "A task is killed", "ECS replaces it, at most its own requests fail", "replaced after 20 s", 480, 560),
        ("control", "Control: the old side is removed at once", "requests fail", "they do, for 32 s", *CONTROL),
    )
    return tuple(
        Scenario(
            name,
            title,
            expected,
            outcome,
            True,
            ZERO + start,
            ZERO + end,
            (
                ("time of the switch", "28.0", "s"),
                ("requests, blue", "21000", ""),
                ("failed, blue", "0", ""),
                ("95 % within, blue", "9", "ms"),
            ),
            10.2 if name == "task" else None,
            14.0 if name == "task" else None,
            round(sum(sum(each.by_version.values()) + each.failed for each in seconds[start:end])),
            round(sum(each.failed for each in seconds[start:end])),
            name == "control",
        )
        for name, title, expected, outcome, start, end in given
    )


def _timeline() -> tuple[Entry, ...]:
    told = [
        (0, "scenario", "traffic starts", ""),
        (21, "stage", "Source: InProgress", ""),
        (24, "build", "commit 8d21e07b44, image pushed", ""),
        (40, "deployment", "green: 3 tasks of 8d21e07b44 are healthy", "deployment"),
        (90, "record", "orders.example.com: blue 0, green 100", "switch"),
        (91, "record", "the resolver has it for 60 s at most", ""),
        (160, "deployment", "blue: 0 tasks", "drained"),
        (240, "deployment", "blue: 3 tasks of c70033bb12 are healthy", "deployment"),
        (300, "record", "orders.example.com: blue 100, green 0", "switch"),
        (380, "deployment", "green: 0 tasks", "drained"),
        (500, "task", "task 5b1 on blue is killed", "task killed"),
        (503, "health", "load balancer: 5b1 is down", ""),
        (520, "task", "task 9c4 on blue is healthy", "task healthy"),
        (560, "note", f"the log says {EVIL}", EVIL),
        (640, "record", "control: old side removed", "removed"),
    ]
    return tuple(Entry(ZERO + at, kind, text, mark) for at, kind, text, mark in told)


def _phases() -> tuple[Phase, ...]:
    quiet = {FIRST: Share(14_700, 0, 2.7, 8.1, 26.3, 61.0), "": Share(6_300, 0, 2.6, 8.0, 24.9, 55.2)}
    switch = {FIRST: Share(3_100, 0, 2.8, 8.4, 30.7, 80.1), SECOND: Share(3_000, 0, 2.9, 8.6, 33.1, 1_204.0)}
    broken = {THIRD: Share(12_900, 3_890, 2.9, 9.0, 41.0, 3_012.5)}
    return (
        Phase("before the switch", ZERO + 20, ZERO + 90, 21_000, 0, {}, quiet),
        Phase("switch", ZERO + 90, ZERO + 118, 6_100, 0, {}, switch),
        Phase("control", ZERO + 640, ZERO + 720, 16_790, 3_890, {"connection refused": 3_880, EVIL: 10}, broken),
    )
