"""Application Auto Scaling, as far as its limits go: the number of tasks stays between those of the scalable target.

A service without a desired count starts with one task; on AWS its scalable target brings it to the minimum. Nothing
scales by load here.
"""

from __future__ import annotations

from rehearsal.aws import Aws, Place
from rehearsal.events import Events

_TYPE = "AWS::ApplicationAutoScaling::ScalableTarget"


def keep_within(aws: Aws, events: Events, place: Place, stack: str) -> None:
    """Bring the services of a stack to the limits of their scalable targets."""
    ecs = aws.client("ecs", place)
    for resource in aws.emulator.resolved(stack, place.account, place.region).values():
        if resource.type != _TYPE:
            continue
        _, cluster, service = str(resource.properties["ResourceId"]).split("/")
        found = ecs.describe_services(cluster=cluster, services=[service])["services"]
        if not found:
            continue
        now = int(found[0]["desiredCount"])
        low, high = int(resource.properties["MinCapacity"]), int(resource.properties["MaxCapacity"])
        wanted = min(max(now, low), high)
        if wanted != now:
            ecs.update_service(cluster=cluster, service=service, desiredCount=wanted)
            events.add("note", f"{service}: {wanted} tasks instead of {now}, its scalable target has {low} to {high}")
