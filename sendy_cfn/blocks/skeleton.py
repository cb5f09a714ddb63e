"""What every template starts with."""

from __future__ import annotations

from typing import Any

from troposphere import Template

DATA_LOSS: dict[str, Any] = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
# Data outlives its stack; what a failed first attempt made goes with it, or it would stand in the second attempt's way.
RETAINED: dict[str, Any] = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
# For what can't be deleted even then, because something else has written into it by that time.
ALWAYS_RETAINED: dict[str, Any] = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def new(description: str) -> Template:
    """An empty template. AWS: a description has at most 1,024 bytes."""
    template = Template(Description=description)
    template.set_version("2010-09-09")
    return template


def keep(*, throwaway: bool) -> dict[str, Any]:
    """Both deletion policies of a resource that holds data: retained, unless the environment is a throw-away one."""
    return dict(DATA_LOSS if throwaway else RETAINED)
