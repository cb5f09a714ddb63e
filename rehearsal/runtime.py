"""What differs between a dry and a full rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from rehearsal.aws import Place
from rehearsal.events import RehearsalError


class DeploymentFailedError(RehearsalError):
    """ECS gave a deployment up."""


class Runtime(Protocol):
    """The parts that run images."""

    @property
    def tools(self) -> Path:
        """A folder of commands that builds find before all others."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that every build gets."""

    def settle(self, place: Place, stack: str) -> None:
        """Wait until the services of a stack are steady, as CloudFormation does.

        Raises:
            DeploymentFailedError: ECS gave up.
        """

    def ask(self, url: str) -> tuple[int, str]:
        """What a GET is answered with, status and body; status 0 without an answer."""
