"""What the load generator is to do, as a file: it runs in another interpreter, with Locust's packages."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VARIABLE = "REHEARSAL_TRAFFIC"  # the environment variable that names the file

ORDER = json.dumps({"pickup": "Hauptstrasse 1", "dropoff": "Marktplatz 2", "weight_kilograms": 1.5})


@dataclass(frozen=True)
class Ask:
    """One kind of request, and the answer that is right."""

    method: str
    path: str
    expect: int  # the status of the right answer
    weight: int = 1  # how often, relative to the others
    body: str | None = None  # JSON
    version: tuple[str, ...] = ()  # members of the JSON answer that name the version, the first that is there counts

    @property
    def name(self) -> str:
        """How this kind is called in the results."""
        return f"{self.method} {self.path}"


# What the example service answers. Most requests name the version, because a release is followed by it.
ORDERS = (
    Ask("GET", "/version", 200, weight=7, version=("commit", "version")),
    Ask("POST", "/orders", 201, weight=1, body=ORDER),
    Ask("GET", "/orders/unknown", 404, weight=1),
    Ask("HEAD", "/health", 200, weight=1),
)


@dataclass(frozen=True)
class Plan:
    """Who asks what, how often, and where it is written down."""

    url: str  # https://name[:port]
    ca: str | None  # file with the certificates to trust; None: the system's
    users: int
    rate: float  # requests per second, of all users together
    session: float  # mean seconds until a user closes the connection and resolves the name again
    timeout: float  # seconds for a connection, and for each wait for an answer
    output: str  # file of the requests, a line of JSON each
    asks: tuple[Ask, ...] = ORDERS

    def save(self, path: Path) -> None:
        """Write the plan for the other interpreter."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Plan:
    """The plan that was saved at `path`."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    asks = tuple(Ask(**{**each, "version": tuple(each["version"])}) for each in document.pop("asks"))
    return Plan(**document, asks=asks)
