"""How many examples are drawn: few and always the same ones in CI, many and new ones with HOSTILE=<factor>.

    HOSTILE=50 make test PYTEST_FLAGS="-n auto tests/hostile"

A failure prints all that was drawn. It is not made smaller, which would take many times as long as finding it. What a
long run finds becomes an explicit test.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

FACTOR = int(os.environ.get("HOSTILE", "1"))


def examples(count: int) -> settings:
    """Settings for so many examples, times the factor."""
    short = FACTOR == 1
    return settings(
        max_examples=count * FACTOR,
        derandomize=short,
        database=None,
        deadline=None,
        print_blob=not short,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
