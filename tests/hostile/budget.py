"""How many examples are drawn: few and always the same ones in CI, many and new ones with HOSTILE=<factor>.

    HOSTILE=50 make test PYTEST_FLAGS="-n auto tests/hostile"

A failure prints all that was drawn. It is not made smaller, which would take many times as long as finding it. What a
long run finds becomes an explicit test.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

FACTOR = int(os.environ.get("HOSTILE", "1"))

# Hypothesis also draws texts that it finds in the modules that are loaded. Which ones those are depends on how tests
# are spread over processes, and the few examples of CI have to be the same ones everywhere.
CONSTANTS = "_get_local_constants"
assert CONSTANTS in vars(providers), "hypothesis has another way to find constants now"
if FACTOR == 1:
    vars(providers)[CONSTANTS] = Constants


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
