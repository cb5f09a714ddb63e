"""The scan of an image for known vulnerabilities, with a recorder in the place of aws."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.index import IMAGE, attestation, index
from tests.buildspecs.junit import cases
from tests.buildspecs.runner import Outcome, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.buildspecs.conftest import Tools

ECR = botocore.session.get_session().get_service_model("ecr")
REPOSITORY = "000000000000.dkr.ecr.eu-central-1.amazonaws.com/courier/orders"
DIGEST = "sha256:" + "a" * 64
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


def error(code: str) -> dict[str, Any]:
    return {"status": 254, "err": f"An error occurred ({code}) when calling an operation: no\n"}


NONE_YET = error("ScanNotFoundException")


def basic(severity: str, number: int = 0) -> dict[str, Any]:
    attributes = [{"key": "package_version", "value": "1.2"}, {"key": "package_name", "value": "zlib"}]
    name = f"CVE-2026-{number}"
    return {"name": name, "severity": severity, "uri": f"https://cve.example/{name}", "attributes": attributes}


def enhanced(severity: str) -> dict[str, Any]:
    details = {
        "vulnerabilityId": "CVE-2026-77",
        "sourceUrl": "https://inspector.example/77",
        "vulnerablePackages": [{"name": "openssl", "version": "3"}],
    }
    return {"title": "CVE-2026-77 - openssl", "severity": severity, "packageVulnerabilityDetails": details}


def result(status: str = "COMPLETE", counts: dict[str, int] | None = None, **findings: Any) -> dict[str, Any]:
    """What ECR answers; checked against its model, so that the tests don't make up a shape."""
    found: dict[str, Any] = {
        "repositoryName": "courier/orders",
        "imageId": {"imageDigest": IMAGE},
        "imageScanStatus": {"status": status, "description": f"about {status}"},
    }
    if status in {"COMPLETE", "ACTIVE"}:
        found["imageScanFindings"] = {**findings, **({} if counts is None else {"findingSeverityCounts": counts})}
    report = ParamValidator().validate(found, ECR.operation_model("DescribeImageScanFindings").output_shape)
    assert not report.has_errors(), report.generate_report()
    return {"out": json.dumps(found)}


def scan(
    source: Path, tools: Tools, *results: dict[str, Any], rules: tuple[dict[str, Any], ...] = (), **environment: str
) -> Outcome:
    manifest = {"match": "batch-get-image", "replies": [{"out": index(attestation())}]}
    tools.record("aws", rules=(*rules, manifest, {"match": "describe-image-scan-findings", "replies": results}))
    contract = {
        "REPOSITORY_URI": REPOSITORY,
        "IMAGE_DIGEST": DIGEST,
        "IMAGE_PLATFORM": "linux/arm64",
        "FAIL_ON": "HIGH",
    }
    return run(load("scan"), source, {**tools.environment, **contract, **environment})


def found(outcome: Outcome) -> dict[str, str]:
    (file,) = outcome.reports["scan"]
    return cases(file)


def scanned(tools: Tools) -> set[str]:
    return {call[call.index("--image-id") + 1] for call in tools.calls() if "--image-id" in call}


@pytest.mark.parametrize("status", ["COMPLETE", "ACTIVE"])
def test_an_image_without_findings_passes(source: Path, tools: Tools, status: str) -> None:
    outcome = scan(source, tools, result(status, {}))
    assert outcome.succeeded, outcome.log
    assert found(outcome) == {"no CRITICAL findings": "", "no HIGH findings": ""}


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("threshold", SEVERITIES)
def test_findings_at_or_above_the_threshold_fail(source: Path, tools: Tools, threshold: str, severity: str) -> None:
    outcome = scan(source, tools, result(counts={severity: 3, "INFORMATIONAL": 9}), FAIL_ON=threshold)
    judged = SEVERITIES[: SEVERITIES.index(threshold) + 1]
    assert found(outcome) == {f"no {name} findings": "3 found" if name == severity else "" for name in judged}
    assert outcome.succeeded == (severity not in judged)


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ({"findings": [basic("HIGH", 5)]}, "HIGH  CVE-2026-5  zlib  https://cve.example/CVE-2026-5"),
        ({"enhancedFindings": [enhanced("HIGH")]}, "HIGH  CVE-2026-77  openssl  https://inspector.example/77"),
    ],
)
def test_findings_are_named_and_counted_without_a_count(
    source: Path, tools: Tools, findings: dict[str, Any], line: str
) -> None:
    outcome = scan(source, tools, result(**findings))
    assert not outcome.succeeded
    assert found(outcome)["no HIGH findings"] == "1 found"
    assert line in outcome.log.splitlines()


def test_findings_below_the_threshold_are_not_printed(source: Path, tools: Tools) -> None:
    outcome = scan(source, tools, result(findings=[basic("MEDIUM")]))
    assert outcome.succeeded, outcome.log
    assert "CVE" not in outcome.log


def test_prints_the_worst_fifty(source: Path, tools: Tools) -> None:
    many = [basic("HIGH", number) for number in range(60)]
    outcome = scan(source, tools, result(counts={"HIGH": 60, "CRITICAL": 1}, findings=[*many, basic("CRITICAL", 99)]))
    lines = [line for line in outcome.log.splitlines() if "CVE-" in line]
    assert len(lines) == 50
    assert lines[0].startswith("CRITICAL  CVE-2026-99")


def test_scans_the_platforms_image_of_an_index(source: Path, tools: Tools) -> None:
    scan(source, tools, NONE_YET, result(counts={}))
    assert scanned(tools) == {f"imageDigest={IMAGE}"}
    (call,) = tools.calls("aws", "ecr", "batch-get-image")
    assert call[call.index("--image-ids") + 1] == f"imageDigest={DIGEST}"
    accepted = call[call.index("--accepted-media-types") + 1 : call.index("--query")]
    assert "application/vnd.oci.image.index.v1+json" in accepted
    assert "application/vnd.docker.distribution.manifest.list.v2+json" in accepted


def test_scans_an_image_that_is_no_index_itself(source: Path, tools: Tools) -> None:
    image = {"match": "batch-get-image", "replies": [{"out": json.dumps({"config": {}, "layers": []})}]}
    outcome = scan(source, tools, result(counts={}), rules=(image,))
    assert outcome.succeeded, outcome.log
    assert scanned(tools) == {f"imageDigest={DIGEST}"}


@pytest.mark.parametrize(
    "reply", [{"out": index(attestation(), architecture="amd64")}, {"out": "None\n"}, {"status": 1}]
)
def test_no_image_for_the_platform_fails(source: Path, tools: Tools, reply: dict[str, Any]) -> None:
    outcome = scan(source, tools, result(counts={}), rules=({"match": "batch-get-image", "replies": [reply]},))
    assert not outcome.succeeded
    assert list(found(outcome).values()) == ["there is no image for linux/arm64"]
    assert scanned(tools) == set()


def test_waits_for_the_scan(source: Path, tools: Tools) -> None:
    outcome = scan(source, tools, result("PENDING"), result("IN_PROGRESS"), result(counts={}))
    assert outcome.succeeded, outcome.log
    assert tools.calls("aws", "ecr", "start-image-scan") == []


@pytest.mark.parametrize("refusal", [None, "LimitExceededException", "ValidationException"])
def test_starts_a_scan_once_when_there_is_none(source: Path, tools: Tools, refusal: str | None) -> None:
    replies = [error(refusal) if refusal else {}]
    started = {"match": "start-image-scan", "replies": replies}
    outcome = scan(source, tools, NONE_YET, NONE_YET, result("IN_PROGRESS"), result(counts={}), rules=(started,))
    assert outcome.succeeded, outcome.log
    assert len(tools.calls("aws", "ecr", "start-image-scan")) == 1
    assert (refusal or "") in outcome.log


def test_a_scan_that_may_not_be_started_fails(source: Path, tools: Tools) -> None:
    started = {"match": "start-image-scan", "replies": [error("AccessDeniedException")]}
    outcome = scan(source, tools, NONE_YET, rules=(started,))
    assert not outcome.succeeded
    assert "AccessDeniedException" in next(iter(found(outcome).values()))


@pytest.mark.parametrize(
    "status", ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED"]
)
def test_a_scan_that_ends_otherwise_fails_with_its_status(source: Path, tools: Tools, status: str) -> None:
    outcome = scan(source, tools, result(status))
    assert not outcome.succeeded
    assert found(outcome) == {f"scan of {DIGEST}": f"the scan is {status}: about {status}"}


@pytest.mark.parametrize(
    ("reply", "status"), [(result("PENDING"), "PENDING"), (result("IN_PROGRESS"), "IN_PROGRESS"), (NONE_YET, "no scan")]
)
def test_a_scan_that_takes_too_long_fails_with_its_status(
    source: Path, tools: Tools, reply: dict[str, Any], status: str
) -> None:
    outcome = scan(source, tools, reply, SCAN_TIMEOUT_SECONDS="1")
    assert not outcome.succeeded
    assert list(found(outcome).values()) == [f"not within 1 s: {status}"]


def test_other_errors_of_aws_fail(source: Path, tools: Tools) -> None:
    outcome = scan(source, tools, error("AccessDeniedException"))
    assert not outcome.succeeded
    assert "AccessDeniedException" in next(iter(found(outcome).values()))


def test_off_is_recorded(source: Path, tools: Tools) -> None:
    outcome = scan(source, tools, FAIL_ON="NONE")
    assert outcome.succeeded, outcome.log
    assert found(outcome) == {"the scan is off": ""}
    assert tools.calls() == []


def test_an_unknown_threshold_fails(source: Path, tools: Tools) -> None:
    outcome = scan(source, tools, result(counts={}), FAIL_ON="SEVERE")
    assert not outcome.succeeded
    assert "SEVERE, expected CRITICAL" in outcome.log
    assert tools.calls() == []


def test_commands_of_the_service_are_not_run(source: Path, tools: Tools) -> None:
    outcome = scan(source, tools, result(counts={}), SCAN_COMMANDS="touch ran")
    assert outcome.succeeded, outcome.log
    assert not (source / "ran").exists()


@pytest.mark.parametrize("missing", ["REPOSITORY_URI", "IMAGE_DIGEST", "IMAGE_PLATFORM", "FAIL_ON"])
def test_missing_input_is_an_error(source: Path, tools: Tools, missing: str) -> None:
    outcome = scan(source, tools, result(counts={}), rules=(), **{missing: ""})
    assert not outcome.succeeded
    assert missing in outcome.log
    assert tools.calls() == []
