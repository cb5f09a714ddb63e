"""Mistakes in the values files, and what is said of them."""

from __future__ import annotations

from tests.config.mistakes import Case

IN_VALUES = (
    Case(
        "unknown parameter",
        "  MinTasks:",
        "  MinTask: 1\n  MinTasks:",
        "{at} defaults.MinTask: unknown parameter, did you mean 'MinTasks'?",
        at="MinTask:",
        file="test.yaml",
    ),
    Case(
        "value above its maximum",
        "  MaxTasks:",
        "  GracePeriod: 4000\n  MaxTasks:",
        "{at} defaults.GracePeriod: 4000, expected a number from 0 to 3600",
        at="4000",
        file="test.yaml",
    ),
    Case(
        "value outside its list",
        "  Nat:",
        "  Nat: many\n  #",
        "{at} environment.Nat: 'many', expected none | single | per-zone",
        at="many",
        file="test.yaml",
    ),
    Case(
        "value outside its pattern",
        "  VpcCidr:",
        "  VpcCidr: 10.0.0.0/8\n  #",
        "{at} environment.VpcCidr: '10.0.0.0/8', expected",
        at="10.0.0.0/8",
        file="test.yaml",
    ),
    Case(
        "missing parameter",
        "  VpcCidr:",
        "  #",
        "{at} environment: missing parameter 'VpcCidr'",
        at="environment:",
        file="test.yaml",
    ),
    Case(
        "parameter that the pipeline sets",
        "  MaxTasks:",
        "  Image: x\n  MaxTasks:",
        "{at} defaults.Image: is filled in from platform.yaml or by the pipeline; leave it out",
        at="Image",
        file="test.yaml",
    ),
    Case(
        "parameter of another kind of capacity",
        "services:\n",
        "services:\n  orders: {SpotWeight: 2}\n",
        "{at} services.orders.SpotWeight: no parameter of this stack: platform.yaml says nothing that uses it",
        at="SpotWeight",
        file="test.yaml",
    ),
    Case(
        "unknown service",
        "services:\n",
        "services:\n  trackin: {MinTasks: 1}\n",
        "{at} services.trackin: unknown service, did you mean 'tracking'?",
        at="trackin:",
        file="test.yaml",
    ),
    Case(
        "sizes that Fargate lacks",
        "services:\n",
        "services:\n  orders: {Cpu: 256, Memory: 8192}\n",
        "{at} services.orders.Memory: Memory 8192 with Cpu 256, expected 512 | 1024 | 2048",
        at="8192",
        file="test.yaml",
    ),
    Case(
        "a timeout as long as its interval",
        "services:\n",
        "services:\n  orders: {HealthTimeout: 10}\n",
        "{at} services.orders.HealthTimeout: HealthTimeout 10 is not less than HealthInterval 10",
        at="HealthTimeout",
        file="test.yaml",
    ),
    Case(
        "subnets that do not fit",
        "  VpcCidr: 10.10.0.0/16",
        "  VpcCidr: 10.10.0.0/20",
        "{at} environment.VpcCidr: SubnetBits 12, expected at most 8: 16 subnets have to fit in 10.10.0.0/20",
        at="VpcCidr:",
        file="test.yaml",
    ),
    Case(
        "more at least than at most",
        "services:\n",
        "services:\n  orders: {MinTasks: 9, MaxTasks: 3}\n",
        "{at} services.orders.MinTasks: MinTasks 9 is more than MaxTasks 3",
        at="MinTasks: 9",
        file="test.yaml",
    ),
)
