"""Rolling: old tasks leave when new ones are healthy; the circuit breaker goes back on failure."""

from __future__ import annotations

from troposphere import ecs

# COUNT decides after this many failed tasks, whatever the service's size; the default (half of the desired count, 3 to
# 200) lets a large service fail for hours.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
FAILED_TASKS = 3


def deployment() -> ecs.DeploymentConfiguration:
    """Full capacity throughout: never fewer healthy tasks than desired, at most twice as many."""
    return ecs.DeploymentConfiguration(
        Strategy="ROLLING",
        MinimumHealthyPercent=100,
        MaximumPercent=200,
        DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(
            Enable=True,
            Rollback=True,
            ThresholdConfiguration=ecs.ThresholdConfiguration(Type="COUNT", Value=FAILED_TASKS),
        ),
    )
