"""Containers mount only volumes that their task definition declares.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import blocks, is_open

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for task in view.of("AWS::ECS::TaskDefinition"):
        volumes = list(blocks(task.given.get("Volumes")))
        names = [list(view.texts(volume.get("Name"))) for volume in volumes]
        if is_open(task.given.get("Volumes")) or "Fn::Transform" in task.given or not all(names):
            continue
        known = {name for several in names for name in several}
        for container in blocks(task.given.get("ContainerDefinitions")):
            for mount in blocks(container.get("MountPoints")):
                for name in set(view.texts(mount.get("SourceVolume"))) - known:
                    message = f"SourceVolume {name!r}, but Volumes has {', '.join(sorted(known)) or 'none'}"
                    yield Found(mount.lines["SourceVolume"], task.id, message)


RULE = Rule(
    "house-mount-volume",
    "A container mounts only volumes that its task definition declares",
    "ECS refuses the task definition: unknown volume (ClientException)",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html",
    _find,
)
