"""Values that actions give to those after them, by namespace and key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rehearsal.events import RehearsalError

_REFERENCE = re.compile(r"#\{([\w@-]+)\.([\w@-]+)\}")


class Variables:
    """The variables of one execution."""

    def __init__(self, values: Mapping[str, Mapping[str, str]], sources: Mapping[str, str] | None = None) -> None:
        """Start with these.

        Args:
            values: by namespace and key.
            sources: namespaces that have one value under every key: a made-up commit stands for all that a source says.
        """
        self._values = {namespace: dict(keys) for namespace, keys in values.items()}
        self._sources = dict(sources or {})

    def copy(self) -> Variables:
        """The same values now; later ones are not shared."""
        return Variables(self._values, self._sources)

    def add(self, namespace: str | None, values: Mapping[str, str]) -> None:
        """What an action gives; nothing without a namespace."""
        if namespace:
            self._values[namespace] = dict(values)

    def fill(self, text: str) -> str:
        """The text with its references replaced.

        Raises:
            RehearsalError: one leads nowhere; CodePipeline fails the action then.
        """
        return _REFERENCE.sub(lambda found: self._value(found[1], found[2]), text)

    def filled(self, configuration: Mapping[str, Any]) -> dict[str, str]:
        """All values of an action's configuration with their references replaced."""
        return {key: self.fill(str(value)) for key, value in configuration.items()}

    def _value(self, namespace: str, key: str) -> str:
        value = self._values.get(namespace, {}).get(key, self._sources.get(namespace))
        if value is None:
            raise RehearsalError(f"no earlier action has given #{{{namespace}.{key}}} a value")
        return value
