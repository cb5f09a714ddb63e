"""Platforms for tests."""

from __future__ import annotations

from pathlib import Path

from troposphere import Template

from sendy_cfn import config, services, yamlfile
from sendy_cfn.config import releases
from sendy_cfn.config.model import Platform, Service

MINUTES = {"test": 14, "production": 27}
WATCH = 5  # minutes
ROOT = Path(__file__).resolve().parent.parent


def platform(text: str | None = None) -> Platform:
    """The shipped platform, or the one that the YAML text describes."""
    if text is None:
        return config.load(ROOT / "params")
    return config.read(yamlfile.parse(text.encode(), "platform.yaml"), "platform.yaml")


def watched(of: Platform) -> dict[str, int]:
    """Minutes that pipelines watch alarms, in every environment."""
    return dict.fromkeys(of.environments, WATCH)


def built(of: Platform, service: Service, place: str = "") -> Template:
    """The template of a service in an environment, the first one unless named; with made up worst cases."""
    environment = of.environments[place or next(iter(of.environments))]
    return services.build(of, service, releases.variant(service, environment), MINUTES)
