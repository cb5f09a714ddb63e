"""Scans of images in ECR."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.driver import Stacks


@pytest.fixture
def ecr(stacks: Stacks) -> Any:
    client = stacks.client("ecr")
    client.create_repository(repositoryName="courier/orders")
    return client


def put(ecr: Any, tag: str) -> str:
    """The digest of an image with this tag."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "annotations": {"tag": tag}})
    made = ecr.put_image(repositoryName="courier/orders", imageTag=tag, imageManifest=manifest)
    return str(made["image"]["imageId"]["imageDigest"])


def test_an_image_has_been_scanned_and_nothing_was_found(ecr: Any, stacks: Stacks) -> None:
    digest = put(ecr, "one")
    for image in ({"imageTag": "one"}, {"imageDigest": digest}):
        found = ecr.describe_image_scan_findings(repositoryName="courier/orders", imageId=image)
        assert found["imageScanStatus"]["status"] == "COMPLETE"
        assert found["imageScanFindings"] == {"findingSeverityCounts": {}, "findings": []}
        assert found["imageId"] == {**image, "imageDigest": digest}
        assert (found["registryId"], found["repositoryName"]) == (stacks.account, "courier/orders")


def test_an_image_that_is_not_there_was_not_scanned(ecr: Any) -> None:
    put(ecr, "one")
    for image in ({"imageTag": "two"}, {"imageDigest": f"sha256:{'0' * 64}"}):
        with pytest.raises(ClientError, match=r"ImageNotFoundException.*courier/orders"):
            ecr.describe_image_scan_findings(repositoryName="courier/orders", imageId=image)


def test_a_repository_that_is_not_there(ecr: Any) -> None:
    with pytest.raises(ClientError, match="RepositoryNotFoundException"):
        ecr.describe_image_scan_findings(repositoryName="courier/gone", imageId={"imageTag": "one"})


def test_the_waiter_of_the_cli_ends(ecr: Any) -> None:
    put(ecr, "one")
    ecr.get_waiter("image_scan_complete").wait(repositoryName="courier/orders", imageId={"imageTag": "one"})


def test_other_operations_are_answered_as_before(ecr: Any) -> None:
    digest = put(ecr, "one")
    [image] = ecr.describe_images(repositoryName="courier/orders")["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["one"])
