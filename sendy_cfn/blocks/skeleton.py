"""What every template starts with."""

from __future__ import annotations

from typing import Any

from troposphere import Template

DATA_LOSS: dict[str, Any] = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
RETAINED: dict[str, Any] = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def new(description: str) -> Template:
    """An empty template. AWS: a description has at most 1,024 bytes."""
    template = Template(Description=description)
    template.set_version("2010-09-09")
    return template


def keep(*, throwaway: bool) -> dict[str, Any]:
    """Both deletion policies of a resource that holds data: retained, unless the environment is a throw-away one."""
    return dict(DATA_LOSS if throwaway else RETAINED)
