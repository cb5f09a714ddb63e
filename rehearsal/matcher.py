"""Status codes as a target group's matcher has them."""

from __future__ import annotations


def matches(codes: str, status: int) -> bool:
    """Whether a status is one of `200`, `200,204` or `200-299`."""
    ranges = [part.strip().partition("-") for part in codes.split(",")]
    return any(int(first) <= status <= int(last or first) for first, _, last in ranges)
