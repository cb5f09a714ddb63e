"""Words for what a dashboard is of, where its body does not say them."""

from __future__ import annotations

from dataclasses import dataclass

FOUND = 3  # series of a search, whose real number nobody knows; services with a history of releases


@dataclass(frozen=True)
class Names:
    """A platform's, and words for dimensions that a search finds."""

    services: tuple[str, ...] = ("orders", "pricing", "tracking")
    environments: tuple[str, ...] = ("test", "staging", "production")
    platform: str = "courier"

    def of(self, dimension: str) -> tuple[str, ...]:
        """Values that the dimension might have."""
        low = dimension.lower()
        if "environment" in low or "cluster" in low:
            return self.environments[:FOUND]
        if any(word in low for word in ("service", "pipeline", "repository", "project", "targetgroup")):
            return self.services[:FOUND]
        return tuple(f"{dimension}-{letter}" for letter in "abc"[:FOUND])
