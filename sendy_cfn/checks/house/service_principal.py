"""Service principals in policies are spelt right.

AWS has no list of all of them, and they exist per region and partition: only a name that looks like a known one, or has
a wrong domain, is wrong for sure.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from sendy_cfn.checks.house.known import PRINCIPALS
from sendy_cfn.checks.house.policies import principals, statements
from sendy_cfn.checks.house.rule import Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

POLICIES = (
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument"),
)
DOMAIN = re.compile(
    r"\.(amazonaws\.(com|com\.cn|eu)|amazon\.com|aws\.internal|aws\.dev|aws|c2s\.ic\.gov|[a-z0-9.]+\.gov)$"
)
REGION = re.compile(r"(^|\.)[a-z]{2,5}(-[a-z]+)+-[0-9](?=\.|$)")
ALIKE = 0.8  # of 1, as difflib counts
LENGTH = 2  # letters that are too many or too few: what has more is another service, as bedrock-agentcore is to bedrock
OTHERS = frozenset({"alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"})


def _find(view: View) -> Iterator[Found]:
    for kind, key in POLICIES:
        for resource in view.of(kind):
            for statement in statements(resource.given.get(key)) or ():
                for line, name in principals(view, statement, "Service"):
                    if name not in (None, "*") and (right := misspelt(str(name))):
                        yield Found(line, resource.id, f"service principal {name!r}, did you mean {right!r}?")


def misspelt(name: str) -> str:
    """What was probably meant, if a service principal does not exist; nothing if it does or may do so."""
    domain = DOMAIN.search(name)
    service = REGION.sub("", name[: domain.start()] if domain else name.partition(".")[0])
    wrong_domain = domain is None or (domain[1] == "amazon.com" and name not in OTHERS)
    if service in PRINCIPALS:
        return f"{service}.amazonaws.com" if wrong_domain else ""
    if name in OTHERS:
        return ""
    long_enough = [known for known in PRINCIPALS if abs(len(known) - len(service)) <= LENGTH]
    near = difflib.get_close_matches(service.lower(), long_enough, n=1, cutoff=ALIKE)
    return f"{near[0]}.amazonaws.com" if near and near[0].rstrip("0123456789") != service.rstrip("0123456789") else ""


RULE = Rule(
    "house-service-principal",
    "A service principal in a trust policy, a key policy or a policy of a bucket, topic or queue is spelt right",
    "the policy is refused: invalid principal in policy (MalformedPolicyDocument)",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    _find,
)
