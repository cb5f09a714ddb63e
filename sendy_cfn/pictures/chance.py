"""Numbers that look like chance and are the same each time, on every machine."""

from __future__ import annotations

from hashlib import blake2b


def chance(seed: str) -> float:
    """0 to 1, evenly spread, from a text."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=4).digest(), "big") / 0xFFFFFFFF
