"""ECR's scan of images, which ministack lacks: every image in the registry has been scanned, and nothing was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulator import names

_OPERATION = "DescribeImageScanFindings"


def install() -> None:
    """Answer that one operation; the rest goes to ministack."""
    handlers = names.load_module("ministack.app").__dict__["SERVICE_HANDLERS"]
    plain = handlers["ecr"]

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        target = headers.get("x-amz-target", "")
        if not target.endswith(f".{_OPERATION}"):
            return await plain(method, path, headers, body, query)
        asked = json.loads(body)
        described = {"repositoryName": asked["repositoryName"], "imageIds": [asked["imageId"]]}
        as_described = {**headers, "x-amz-target": target.replace(_OPERATION, "DescribeImages")}
        status, more, answer = await plain(method, path, as_described, json.dumps(described).encode(), query)
        if status != 200:
            return status, more, answer
        images = json.loads(answer)["imageDetails"]
        if not images:
            return 400, more, json.dumps(_not_there(asked)).encode()
        return status, more, json.dumps(_nothing_found(asked, images[0])).encode()

    handlers["ecr"] = handle


def _not_there(asked: Mapping[str, Any]) -> dict[str, Any]:
    repository = f"the repository with name '{asked['repositoryName']}' in the registry with id '{names.account()}'"
    message = f"The image with imageId {asked['imageId']} does not exist within {repository}"
    return {"__type": "ImageNotFoundException", "message": message}


def _nothing_found(asked: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "registryId": names.account(),
        "repositoryName": asked["repositoryName"],
        "imageId": {**asked["imageId"], "imageDigest": image["imageDigest"]},
        "imageScanStatus": {"status": "COMPLETE", "description": "nothing was scanned"},
        "imageScanFindings": {"findingSeverityCounts": {}, "findings": []},
    }
