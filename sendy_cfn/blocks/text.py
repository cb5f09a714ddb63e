"""Text of people in templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub

from sendy_cfn.blocks.suppress import suppress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troposphere import AWSObject


def literal(text: str) -> Sub | str:
    """Text that arrives as it was written: `${X}` in it is escaped, for CloudFormation and for linters.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
    """
    return Sub(text.replace("${", "${!")) if "${" in text else text


def allow_escapes(resource: AWSObject, texts: Iterable[str]) -> None:
    """Accept on the resource that Fn::Sub has nothing to replace, where `literal` had to escape any of the texts."""
    if any("${" in text for text in texts):
        suppress(resource, "W1020", "Fn::Sub is there to escape a text that reads like a reference")
