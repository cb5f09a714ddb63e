"""Of a service only what a template says of it, so that nothing else can change that template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from sendy_cfn.config.model import Service


class _View:
    """Some attributes of a service. To ask for another is an error: its changes would not be noticed."""

    __slots__ = ("_names", "_service")

    def __init__(self, service: Service, names: tuple[str, ...]) -> None:
        self._service = service
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(f"service.{name}: not among those that stacks.units() hands to this builder")
        return getattr(self._service, name)

    def __repr__(self) -> str:
        return f"({', '.join(f'{name}={getattr(self._service, name)!r}' for name in self._names)})"


def view(service: Service, *names: str) -> Service:
    """The service with these attributes alone."""
    return cast("Service", _View(service, names))
