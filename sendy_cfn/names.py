"""Names derived from names."""

from __future__ import annotations


def logical(name: str) -> str:
    """A logical id part: "order-api" -> "OrderApi"."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def cluster_id(colour: str, cell: int) -> str:
    """A cluster's id inside its environment: "blue", and "blue-2" in cell 2."""
    return colour if cell == 1 else f"{colour}-{cell}"
