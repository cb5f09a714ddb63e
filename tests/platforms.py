"""Platforms for tests."""

from __future__ import annotations

from pathlib import Path

from sendy_cfn import config, yamlfile
from sendy_cfn.config.model import Platform

ROOT = Path(__file__).resolve().parent.parent


def platform(text: str | None = None) -> Platform:
    """The shipped platform, or the one that the YAML text describes."""
    if text is None:
        return config.load(ROOT / "params")
    return config.read(yamlfile.parse(text.encode(), "platform.yaml"), "platform.yaml")
