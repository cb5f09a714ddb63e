"""Text of people in templates."""

from __future__ import annotations

from troposphere import Sub


def literal(text: str) -> Sub | str:
    """Text that arrives as it was written, whatever it looks like.

    Outside of Fn::Sub nothing is replaced, but linters take `${X}` for a forgotten one. `${!X}` in it would be `${X}`,
    which fails for what a shell nests (`${A:-${B}}`) or leaves open. So each `$` before a brace comes from a variable:
    values are not looked at again.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
    """
    return Sub(text.replace("${", "${Dollar}{"), {"Dollar": "$"}) if "${" in text else text
