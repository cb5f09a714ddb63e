"""One root stack on its way: change set, execution, protection."""

from __future__ import annotations

import datetime
import json
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sendy_cfn import changes, progress, targets
from sendy_cfn.aws import Account, FailedError, RefusedError
from sendy_cfn.package import CAPABILITIES, Packaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendy_cfn.changes import Change
    from sendy_cfn.progress import Event
    from sendy_cfn.targets import Target

_NONE, _REVIEW = "DELETE_COMPLETE", "REVIEW_IN_PROGRESS"  # in both states there is a name and no stack
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_DEAD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class Deployment:
    """Of one root: `prepare`, then `execute` or `discard` what that found, then `protect`."""

    def __init__(self, target: Target, account: Account) -> None:
        """Nothing is sent yet."""
        self.target = target
        self.account = account
        self.client = account.client("cloudformation")
        self._change_set = ""
        self._stack_id = ""

    def prepare(self, packaged: Packaged, templates: Path) -> list[Change]:
        """Make the change set; what it would do, nothing where the stack is as it should be.

        Raises:
            RefusedError: the stack is in no state to be updated.
            FailedError: CloudFormation can't make the change set.
        """
        target = self.target
        status = self.status()
        self._check(status)
        now = datetime.datetime.now(datetime.UTC)
        values = targets.parameters(target, templates)
        request = {
            "StackName": target.stack,
            "ChangeSetType": "CREATE" if status in (_NONE, _REVIEW) else "UPDATE",
            **packaged.argument(self.account),
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            "Tags": [{"Key": name, "Value": value} for name, value in targets.tags(target, templates).items()],
            "Capabilities": list(CAPABILITIES),
        }
        reason = ""
        # CloudFormation can't look into each nested stack before its siblings exist; then the root's changes are shown.
        # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/759
        for nested in (True, False):
            name = f"deploy-{now:%Y%m%d-%H%M%S-%f}{'' if nested else '-root'}"
            reason = self._make(request | {"ChangeSetName": name, "IncludeNestedStacks": nested})
            if not reason:
                return list(changes.read(self.client, self._change_set))
            if any(words in reason for words in _NO_CHANGES):
                return []
        raise FailedError(f"no change set for {target.stack}: {reason}")

    def _make(self, request: dict[str, Any]) -> str:
        """Make the change set; nothing, or why it could not be made."""
        made = self.client.create_change_set(**request)
        self._change_set, self._stack_id = made["Id"], made["StackId"]
        try:
            reason = self._wait_for_change_set()
        except KeyboardInterrupt:
            self.discard()
            raise
        if reason is not None:
            self.discard()
        return reason or ""

    def status(self) -> str:
        """The stack's status; DELETE_COMPLETE where there is none."""
        try:
            return str(self.client.describe_stacks(StackName=self.target.stack)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if "does not exist" in str(error):
                return _NONE
            raise

    def _check(self, status: str) -> None:
        stack = self.target.stack
        command = f"aws cloudformation {{}} --region {self.target.region} --stack-name {stack}"
        if status in _DEAD:
            raise RefusedError(f"{stack} is {status} and can only be deleted: {command.format('delete-stack')}")
        if status == "UPDATE_ROLLBACK_FAILED":
            raise RefusedError(f"{stack} is {status}: {command.format('continue-update-rollback')}")
        if status.endswith("_IN_PROGRESS") and status != _REVIEW:
            raise RefusedError(f"{stack} is {status}: wait until that has ended")

    def _wait_for_change_set(self) -> str | None:
        """None once it can be executed; otherwise why it can't."""
        for pause in progress.pauses():
            found = self.client.describe_change_set(ChangeSetName=self._change_set)
            if found["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                break
            time.sleep(pause)
        return None if found["Status"] == "CREATE_COMPLETE" else " ".join(found.get("StatusReason", "").split())

    def discard(self) -> None:
        """Delete the change set, and the empty stack that it made where there was none."""
        self.client.delete_change_set(ChangeSetName=self._change_set)
        if self.status() == _REVIEW:
            self.client.delete_stack(StackName=self._stack_id)

    def execute(self, show: Callable[[Event], None]) -> str:
        """Execute the change set, showing every event; the stack's status then.

        Raises:
            FailedError: with the first failure, which the others follow from.
        """
        watch = progress.Watch(self.client, self._stack_id)
        # A failed first attempt takes along what it made: there is no data yet, and names would be in the way.
        self.client.execute_change_set(ChangeSetName=self._change_set, RetainExceptOnCreate=True)
        status, events = progress.follow(self.client, self._stack_id, watch, show)
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return status
        first = progress.first_failure(events)
        because = f", first failed {first.path} ({first.type}): {first.reason}" if first else ""
        raise FailedError(f"{self.target.stack} is {status}{because}")

    def protect(self) -> list[str]:
        """Guard the stack against deletion and its data against updates; what was done, in words.

        A stack policy holds for the root's own resources, which are nested stacks.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
        """
        target, done = self.target, []
        if not target.protected:
            return []
        stack = self.client.describe_stacks(StackName=target.stack)["Stacks"][0]
        if not stack.get("EnableTerminationProtection"):
            self.client.update_termination_protection(StackName=target.stack, EnableTerminationProtection=True)
            done.append(f"{target.stack} is protected against deletion")
        policy = _policy(target.keeps_data)
        present = self.client.get_stack_policy(StackName=target.stack).get("StackPolicyBody")
        if target.keeps_data and (present is None or json.loads(present) != policy):
            self.client.set_stack_policy(StackName=target.stack, StackPolicyBody=json.dumps(policy))
            done.append(f"{target.keeps_data} is protected against updates that would delete or replace it")
        return done

    def outputs(self) -> list[dict[str, str]]:
        """The stack's outputs as CloudFormation describes them."""
        found: list[dict[str, str]] = self.client.describe_stacks(StackName=self.target.stack)["Stacks"][0].get(
            "Outputs", []
        )
        return sorted(found, key=lambda output: output["OutputKey"])


def _policy(nested: str) -> dict[str, object]:
    everything = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    loss = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["Update:Delete", "Update:Replace"],
        "Resource": f"LogicalResourceId/{nested}",
    }
    return {"Statement": [everything, loss]}
