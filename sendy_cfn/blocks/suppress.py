"""Lint findings that are accepted: one resource, one rule, one reason, written where linters and people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troposphere import AWSObject


def suppress(resource: AWSObject, rule: str, reason: str) -> None:
    """Let cfn-lint accept the rule's finding on this resource; the reason stands beside it in the template."""
    metadata = resource.resource.setdefault("Metadata", {})
    metadata.setdefault("cfn-lint", {}).setdefault("config", {}).setdefault("ignore_checks", []).append(rule)
    metadata.setdefault("Suppressed", {})[rule] = reason
