"""Kinds of service: one file each, listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config.words import Kind
from sendy_cfn.services import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from troposphere import Template

    from sendy_cfn.config.model import Platform, Service
    from sendy_cfn.config.releases import Variant

KINDS: dict[Kind, Callable[[Platform, Service, Variant, Mapping[str, int]], Template]] = {
    Kind.WEB: web.build,
}


def build(platform: Platform, service: Service, variant: Variant, minutes: Mapping[str, int]) -> Template:
    """The template of a service of any kind, for environments of one variant.

    `minutes` are those until a release is decided in the worst case, by environment.
    """
    return KINDS[service.kind](platform, service, variant, minutes)
