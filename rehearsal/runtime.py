"""What differs between a dry and a full rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rehearsal.aws import Place
from rehearsal.events import RehearsalError


@dataclass(frozen=True)
class Tools:
    """Commands and variables."""

    path: Path  # a folder of commands that the build finds before all others
    environment: Mapping[str, str]


class DeploymentFailedError(RehearsalError):
    """ECS gave a deployment up."""


class Runtime(Protocol):
    """The parts that run images."""

    def equip(self, folder: Path) -> Tools:
        """What a build gets from its host.

        Args:
            folder: the build's own.
        """

    def settle(self, place: Place, stack: str) -> None:
        """Wait until the services of a stack are steady, as CloudFormation does.

        Raises:
            DeploymentFailedError: ECS gave up.
        """

    def ask(self, url: str) -> tuple[int, str]:
        """What a GET is answered with, status and body; status 0 without an answer."""
