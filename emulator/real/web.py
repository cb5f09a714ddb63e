"""Web ACL associations."""

from typing import Any

from emulator.real.api import Made, Properties, client


def _protect(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    client("wafv2").associate_web_acl(WebACLArn=properties["WebACLArn"], ResourceArn=properties["ResourceArn"])
    return f"{properties['ResourceArn']}|{properties['WebACLArn']}", {}


def _unprotect(_physical_id: str, properties: Properties) -> None:
    client("wafv2").disassociate_web_acl(ResourceArn=properties["ResourceArn"])


HANDLERS: dict[str, dict[str, Any]] = {
    "AWS::WAFv2::WebACLAssociation": {"create": _protect, "delete": _unprotect},
}
