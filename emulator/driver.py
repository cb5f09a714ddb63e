"""Stacks through boto3, for tests: the AWS CLI looks only every 30 seconds."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.client import DEFAULT_ACCOUNT, Emulator
from emulator.state import Resolved

_LIMIT = 60.0  # seconds that an operation may take
_TEMPLATE_URL = re.compile(r"(?m)^(\s*\"?TemplateURL\"?:\s*\"?)([^\s\",{}]+)")
CAPABILITIES = ("CAPABILITY_NAMED_IAM",)


class Stacks:
    """The stacks of one account and region; every operation is waited for and returns the stack's last status."""

    def __init__(self, emulator: Emulator, account: str = DEFAULT_ACCOUNT, region: str | None = None) -> None:
        """Nothing is sent until the first call."""
        self.emulator = emulator
        self.account = account
        self.region = region or emulator.region
        self._cloudformation: Any = self.client("cloudformation")

    def client(self, service: str) -> Any:
        """A boto3 client for this account and region."""
        return self.emulator.client(service, self.account, self.region)

    def create(self, name: str, body: str, parameters: Mapping[str, object] | None = None, **more: Any) -> str:
        """Create a stack.

        Raises:
            ClientError: CloudFormation refuses the request; no stack is made.
        """
        return self._apply(self._cloudformation.create_stack, name, body, parameters, more)

    def update(self, name: str, body: str, parameters: Mapping[str, object] | None = None, **more: Any) -> str:
        """Update a stack.

        Raises:
            ClientError: CloudFormation refuses the request, for example because nothing changed.
        """
        return self._apply(self._cloudformation.update_stack, name, body, parameters, more)

    def delete(self, name: str) -> str:
        """Delete a stack; DELETE_COMPLETE, or the status that it is stuck in."""
        stack_id = self.describe(name)["StackId"]
        self._cloudformation.delete_stack(StackName=name)
        return self.ended(stack_id)

    def describe(self, name: str) -> dict[str, Any]:
        """What `describe-stacks` says of one stack, by name or id."""
        found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def outputs(self, name: str) -> dict[str, str]:
        """The outputs of a stack."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe(name).get("Outputs", [])}

    def statuses(self) -> dict[str, str]:
        """Name and status of every stack that is not deleted, nested ones included."""
        return {stack["StackName"]: stack["StackStatus"] for stack in self._cloudformation.describe_stacks()["Stacks"]}

    def failures(self, name: str) -> list[str]:
        """The reasons of all failed resources, newest first."""
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
        return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]

    def resolved(self, name: str) -> dict[str, Resolved]:
        """The resources of a stack with resolved properties, those of nested stacks as `Child/LogicalId`."""
        return self.emulator.resolved(name, self.account, self.region)

    def package(self, template: Path) -> str:
        """A template's text with its nested templates uploaded, as `aws cloudformation package` does it.

        The nested ones are found by their `TemplateURL` lines, relative to the template.
        """
        s3 = self.client("s3")
        # Bucket names are shared by all accounts.
        bucket = f"artifacts-{self.account}-{self.region}"
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError:
            # AWS refuses the name of this one region.
            place = {"LocationConstraint": self.region} if self.region != "us-east-1" else {}
            s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {}))

        def upload(found: re.Match[str]) -> str:
            nested = template.parent / found[2]
            body = self.package(nested)
            # The address says what is in it, so that a changed child is a changed parent.
            key = f"{hashlib.sha256(body.encode()).hexdigest()[:32]}-{nested.name}"
            s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
            return f"{found[1]}{self.emulator.url}/{bucket}/{key}"

        return _TEMPLATE_URL.sub(upload, template.read_text(encoding="utf-8"))

    def _apply(
        self,
        operation: Callable[..., dict[str, Any]],
        name: str,
        body: str,
        parameters: Mapping[str, object] | None,
        more: dict[str, Any],
    ) -> str:
        values = [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in (parameters or {}).items()]
        request = {"Capabilities": list(CAPABILITIES), **more}
        return self.ended(operation(StackName=name, TemplateBody=body, Parameters=values, **request)["StackId"])

    def ended(self, stack_id: str) -> str:
        """The status of a stack, by name or id, once nothing is under way.

        Raises:
            TimeoutError: something still is, after a minute.
        """
        deadline = time.monotonic() + _LIMIT
        while (status := str(self.describe(stack_id)["StackStatus"])).endswith("_IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{stack_id} is still {status} after {_LIMIT:.0f} s")
            time.sleep(0.02)
        return status
