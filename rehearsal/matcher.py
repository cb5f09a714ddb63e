"""Status codes as a target group's matcher has them."""

from __future__ import annotations


def matches(codes: str, status: int) -> bool:
    """Whether a status is one of `200`, `200,204` or `200-299`."""
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False
