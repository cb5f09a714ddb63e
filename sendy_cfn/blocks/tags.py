"""Tags that differ by resource; platform, environment and service are stack tags, which every resource inherits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Tags

if TYPE_CHECKING:
    from troposphere import AWSHelperFn


def tags(name: AWSHelperFn | str) -> Tags:
    """A new Tags object with the Name that consoles show. Never share one: `A + B` changes B."""
    return Tags(Name=name)
