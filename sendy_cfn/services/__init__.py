"""Kinds of service: one file each, listed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config.words import Kind
from sendy_cfn.services import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from troposphere import Template

    from sendy_cfn.config.model import Platform, Service

KINDS: dict[Kind, Callable[[Platform, Service], Template]] = {
    Kind.WEB: web.build,
}


def build(platform: Platform, service: Service) -> Template:
    """The template of a service of any kind."""
    return KINDS[service.kind](platform, service)
