"""What customers and testers of a service in two clusters reach, found out by following a host name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from emulator.walk_pipeline import Stage
from emulator.walk_shell import StepError, say
from emulator.walk_world import World
from rehearsal.routes import Backend, Routes

COLOURS = ("blue", "green")


class Side(NamedTuple):
    """A cluster's part of the service."""

    weight: int  # of its record under the service's own name
    digest: str  # of the image that its tasks run
    tasks: int  # that ECS keeps running

    def __str__(self) -> str:
        """As the table has it."""
        return f"{self.weight:>6}  {short(self.digest):<12}  {self.tasks:>5}"


Sides = Mapping[str, Side]


class Eyes:
    """Looks at the environment of a stage."""

    def __init__(self, world: World, stage: Stage) -> None:
        """What is read is never used again: each look comes right after a change."""
        self.routes = Routes(world.api, (world.place(stage.place),), fresh=0)
        self._world, self._stage = world, stage

    def sides(self) -> dict[str, Side]:
        """Both sides now.

        Raises:
            StepError: a side's own name leads somewhere else, or customers reach something that is no side.
        """
        outputs = self.outputs()
        weights = {_name(backend): weight for weight, backend in self._reached(outputs["ServiceUrl"])}
        found = {}
        for colour in COLOURS:
            url = outputs[f"{colour.capitalize()}Url"]
            cluster, service = (outputs[f"{colour.capitalize()}{what}Name"] for what in ("Cluster", "Service"))
            own = f"{cluster}/{service}"
            reached = [backend for _, backend in self._reached(url)]
            if [_name(backend) for backend in reached] != [own]:
                raise StepError(f"{url} leads to {[_name(b) for b in reached] or 'nothing'}, expected {own}")
            if own not in weights:
                raise StepError(f"{outputs['ServiceUrl']} leads to {list(weights)}, and not to {own}")
            image = str(reached[0].container["image"])
            found[colour] = Side(int(weights[own]), image.partition("@")[2], reached[0].desired)
        return found

    def outputs(self) -> dict[str, str]:
        """What the stack says of itself: names and addresses."""
        [found] = self._world.client(self._stage.place).describe_stacks(StackName=self._stage.stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def _reached(self, url: str) -> list[tuple[float, Backend]]:
        """The services that an address leads to, by a path that is the service's."""
        path = self._stage.service.paths[0].replace("*", "") if self._stage.service.paths else "/"
        return self.routes.all(str(urlsplit(url).hostname), path)


def show(sides: Sides) -> None:
    """The table."""
    say("       side   weight  image         tasks")
    for colour, side in sides.items():
        say(f"       {colour:<5}  {side}{'  live' if side.weight else ''}")


def short(digest: str) -> str:
    """Enough of a digest to tell it from others."""
    return digest.removeprefix("sha256:")[:12]


def _name(backend: Backend) -> str:
    return f"{backend.cluster}/{backend.service}"
