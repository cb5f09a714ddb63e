"""Times that are cut short in a rehearsal, and which; the report lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Waits:
    """Variables of builds and values of templates that differ from what is deployed on AWS."""

    variables: Mapping[str, str] = field(default_factory=dict)  # of builds
    values: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # environment, or "*" for the others -> parameters of the service
    resolver: int | None = None  # seconds that the resolver keeps an answer at most

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """What is changed, from what, to what."""
        rows = [(f"variable {name} of builds", "as deployed", value) for name, value in self.variables.items()]
        for environment, values in self.values.items():
            where = "the other environments" if environment == "*" else environment
            rows += [(f"{name} in {where}", "as in params/", value) for name, value in values.items()]
        if self.resolver is not None:
            rows.append(("time that the resolver keeps answers", "TTL of the record", f"{self.resolver} s"))
        return tuple(rows)


# Nothing has to be waited for: names are looked up anew each time, and what answers, answers at once.
DRY = Waits(
    {
        "TTL_SECONDS": "0",
        "GRACE_SECONDS": "0",
        "BAKE_SECONDS": "0",
        "POLL_SECONDS": "0.2",
        "SMOKE_TIMEOUT_SECONDS": "8",
        "LOAD_SECONDS": "2",
        "LOAD_CONCURRENCY": "4",
    }
)

# Health checks as often as AWS lets them be, and short drains; records keep their TTL, the resolver forgets sooner.
_QUICK = {
    "HealthInterval": "5",
    "HealthTimeout": "2",
    "HealthyChecks": "2",
    "UnhealthyChecks": "2",
    "GracePeriod": "10",
    "DeregistrationDelay": "5",
    "StopTimeout": "10",
}
SHORT = Waits(
    {
        "TTL_SECONDS": "10",
        "GRACE_SECONDS": "5",
        "BAKE_SECONDS": "20",
        "POLL_SECONDS": "2",
        "SMOKE_TIMEOUT_SECONDS": "20",
        "LOAD_SECONDS": "5",
    },
    {
        "test": {**_QUICK, "MinTasks": "1"},
        "*": {**_QUICK, "MinTasks": "2", "MaxTasks": "4"},
    },
    resolver=10,
)
# Names are forgotten as fast as their records say.
LONG = Waits(
    {"GRACE_SECONDS": "5", "BAKE_SECONDS": "75", "POLL_SECONDS": "5", "LOAD_SECONDS": "10"},
    {
        "test": {**_QUICK, "MinTasks": "1"},
        "*": {**_QUICK, "MinTasks": "2", "MaxTasks": "4"},
    },
)
