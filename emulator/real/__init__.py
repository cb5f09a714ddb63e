"""Types that ministack's CloudFormation does not know, but whose service it has: made through that service's API.

Each handler here runs on a thread of its own and calls the running server over HTTP with boto3, as a user would, so
what it makes shows up in `describe-*` and botocore checks every request.
"""

from typing import Any

from emulator.real import compute, dns, network, watching, web

HANDLERS: dict[str, dict[str, Any]] = {
    **network.HANDLERS,
    **dns.HANDLERS,
    **compute.HANDLERS,
    **web.HANDLERS,
    **watching.HANDLERS,
}
