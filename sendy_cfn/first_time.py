"""What the first deployment in an account needs and no template can say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendy_cfn.aws import Account
    from sendy_cfn.progress import Event

CERTIFICATE = "AWS::CertificateManager::Certificate"
SETTLE = 10.0  # seconds until a new role can be used everywhere; AWS names no number
_EXISTS = ("InvalidInput", "EntityAlreadyExists")  # AWS: "... has been taken in this account", documented as the other


def ecs_role(account: Account) -> str | None:
    """Make the service-linked role of ECS where it is missing; what was done, in words.

    ECS makes it with the first cluster and then often can't use it yet: cluster and environment fail.
    A resource of a template would fail wherever the role exists.
    https://github.com/aws/containers-roadmap/issues/2614
    """
    try:
        made = account.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _EXISTS:
            raise
        return None
    time.sleep(SETTLE)
    return f"made role {made['Role']['RoleName']}: ECS was never used in account {account.id}"


def tell_name_servers(client: Any, root: str, show: Callable[[Event], None]) -> Callable[[Event], None]:
    """`show`, and once a certificate waits for its domain, the name servers to delegate it to.

    The root shows them as an output, but only when the certificate is there.
    """
    told = False

    def look(event: Event) -> None:
        nonlocal told
        show(event)
        if told or event.type != CERTIFICATE or event.status != "CREATE_IN_PROGRESS":
            return
        told = True
        for line in name_servers(client, root):
            print(line, flush=True)

    return look


def name_servers(client: Any, root: str) -> Iterator[str]:
    """What to do for a new hosted zone, in words; nothing where the root has no network stack with one."""
    try:
        nested = client.describe_stack_resource(StackName=root, LogicalResourceId="Network")
        stack = client.describe_stacks(StackName=nested["StackResourceDetail"]["PhysicalResourceId"])["Stacks"][0]
    except ClientError:
        return
    for output in stack.get("Outputs", []):
        if output["OutputKey"] == "NameServers":
            yield f"the certificate waits until the parent domain delegates to: {output['OutputValue']}"
