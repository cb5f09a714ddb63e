"""Words for what only AWS knows: where a template refers to a resource, the picture has the resource's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendy_cfn.checks.rendering.values import GAP, Literal, Scope, settle

COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
ALARM_TYPES = ("AWS::CloudWatch::Alarm", COMPOSITE)
ACCOUNT = "111122223333"
# Properties that name what they are of.
_NAMES = ("Name", "AlarmName", "ClusterName", "ServiceName", "LogGroupName", "QueueName", "TopicName", "RepositoryName")


class Words(Mapping[str, Literal]):
    """Values of pseudo parameters, resources, attributes ("Queue.Arn") and parameters, by the name in the reference."""

    def __init__(self, resources: Mapping[str, Any], stack: str, region: str, account: str) -> None:
        """The resources are those of the template, with what is known put in; the stack's name, region and account."""
        self.resources = resources
        self.pseudo = {
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack,
        }

    def __getitem__(self, name: str) -> str:
        """The word for a name; there is one for each."""
        resource, _, attribute = name.rpartition(".") if "." in name else (name, "", "")
        if name in self.pseudo:
            return self.pseudo[name]
        of = self.resource(resource)
        if attribute.endswith("Arn") or (not attribute and resource.endswith("Arn")):
            return self.arn(resource, of)
        if "FullName" in attribute or "FullName" in resource:
            kind = "app" if "LoadBalancer" in (attribute or resource) else "targetgroup"
            own = f"{self.pseudo['AWS::StackName']}-" if attribute and resource in self.resources else ""
            return f"{kind}/{own}{of.removesuffix('FullName')}/0123456789abcdef"
        return of if attribute in ("", "Name", "Ref") else f"{of}.{attribute}"

    def __iter__(self) -> Iterator[str]:
        """The pseudo parameters."""
        return iter(self.pseudo)

    def __len__(self) -> int:
        """Their number."""
        return len(self.pseudo)

    def resource(self, name: str) -> str:
        """The physical name of a resource where the template has one, else its logical id."""
        properties = self.resources.get(name, {}).get("Properties", {})
        named = next((properties[key] for key in _NAMES if key in properties), None)
        found = text(named, self) if named is not None else name
        return found if isinstance(found, str) else name

    def arn(self, logical_id: str, name: str) -> str:
        """An ARN of the resource, or of what a parameter names."""
        type_ = self.resources.get(logical_id, {}).get("Type", "")
        if type_ in ALARM_TYPES or (not type_ and "Alarm" in logical_id):
            found = name.removesuffix("Arn")
            return f"arn:aws:cloudwatch:{self.pseudo['AWS::Region']}:{self.pseudo['AWS::AccountId']}:alarm:{found}"
        return f"arn:aws:::{name}"


def text(value: Any, words: Words) -> Any:
    """A value of a template with a word in the place of each reference."""
    return settle(_by_name(value), Scope(words))


def _by_name(value: Any) -> Any:
    """Attributes as references with a dot in their name; of branches that are not decided, the first."""
    if isinstance(value, list):
        return [_by_name(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        given = value["Fn::GetAtt"]
        return {"Ref": given if isinstance(given, str) else ".".join(map(str, given))}
    if "Fn::Join" in value and isinstance(value["Fn::Join"][1], dict):
        return _by_name(value["Fn::Join"][1])  # of a list that only AWS knows: one word
    if "Fn::If" in value:
        return _by_name(value["Fn::If"][1])
    if "Fn::Sub" in value:
        given = value["Fn::Sub"]
        written, own = given if isinstance(given, list) else (given, {})
        names = [name for name in GAP.findall(written) if "." in name and name not in own]
        # What is escaped is a text for CloudWatch, as in a label; `settle` would leave it to AWS.
        escaped = {f"={name[1:]}": f"${{{name[1:]}}}" for name in GAP.findall(written) if name.startswith("!")}
        more = {**{name: {"Ref": name} for name in names if not name.startswith("!")}, **escaped}
        return {"Fn::Sub": [written.replace("${!", "${="), {**_by_name(own), **more}]}
    return {key: _by_name(item) for key, item in value.items()}
