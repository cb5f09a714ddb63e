"""Text of people in templates."""

from __future__ import annotations

from troposphere import Sub


def literal(text: str) -> Sub | str:
    """Text that arrives as it was written: `${X}` in it is escaped, for CloudFormation and for linters.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
    """
    return Sub(text.replace("${", "${!")) if "${" in text else text
