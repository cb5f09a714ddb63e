"""Clients and the AWS CLI, by account and region."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emulator import Emulator
from emulator.walk_shell import Command
from sendy_cfn import package


class Place(NamedTuple):
    """Where something is deployed."""

    account: str
    region: str


@dataclass(frozen=True)
class Aws:
    """The emulator, seen from every account and region."""

    emulator: Emulator
    _clients: dict[tuple[str, Place], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, place: Place) -> Any:
        """A boto3 client; made once, since making one is slow and not safe in several threads, using it is."""
        with self._lock:
            if (service, place) not in self._clients:
                self._clients[service, place] = self.emulator.client(service, place.account, place.region)
            return self._clients[service, place]

    def environment(self, place: Place) -> dict[str, str]:
        """Variables that make any AWS SDK talk to the emulator, as root of the place's account."""
        whole = self.emulator.environment(place.account, place.region)
        return {key: value for key, value in whole.items() if key.startswith("AWS_") or key.lower() == "no_proxy"}

    def cli(self, place: Place, *arguments: str) -> Command:
        """A call of the AWS CLI."""
        environment = self.emulator.environment(place.account, place.region)
        return Command([package.aws_cli(), *arguments, "--region", place.region], environment)


def account_of(arn: str) -> str:
    """The account that an ARN names."""
    return arn.split(":")[4]
