"""Which trace a request belongs to, so that its lines are found in the load balancer's and other services' logs."""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Final

HEADER: Final = "X-Amzn-Trace-Id"
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
_ROOT = re.compile(r"(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)")
# https://www.w3.org/TR/trace-context/#traceparent-header
_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{8})([0-9a-f]{24})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)


def trace_id(headers: Mapping[str, str]) -> str:
    """The id in the form of X-Ray: the load balancer's, else that of the caller's `traceparent`, else a new one.

    The load balancer's comes first because its access logs have it, too.
    """
    if root := _ROOT.search(headers.get(HEADER, "")):
        return root[1]
    if parent := _PARENT.fullmatch(headers.get("traceparent", "").strip()):
        return f"1-{parent[1]}-{parent[2]}"
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
