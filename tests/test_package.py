"""`make package` with the real AWS CLI, against the emulator."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlparse

import pytest

from emulator import Emulator
from sendy_cfn import package
from tests.generated import load
from tests.project import REGION, Project, sign_in


def urls(packaged: Path) -> dict[str, str]:
    resources = load(packaged.read_text())["Resources"]
    return {name: resource["Properties"]["TemplateURL"] for name, resource in resources.items()}


def test_packages_into_a_bucket_it_makes(
    project: Project, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    account = sign_in(emulator, monkeypatch)
    assert package.main(["--env", "test"]) == 0
    said = capfd.readouterr().out
    bucket = f"bare-templates-{account}-{REGION}"
    assert f"making bucket {bucket}" in said
    s3 = emulator.client("s3", account, REGION)
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert list(blocked.values()) == [True] * 4
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    [statement] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"

    packaged = project.folder / "build/test/environment.yaml"
    first = urls(packaged)
    assert set(first) == {"Network", "ClusterBlue", "DeployRoles", "Monitoring"}
    for url in first.values():
        key = urlparse(url).path.removeprefix(f"/{bucket}/")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    # Again: same content, same addresses, no second bucket; the printed command works as it stands.
    assert package.main(["--env", "test"]) == 0
    said = capfd.readouterr().out
    assert "making" not in said
    assert urls(packaged) == first
    [command] = [line for line in said.splitlines() if " cloudformation deploy " in line]
    only_made = [*shlex.split(command), "--no-execute-changeset"]
    assert subprocess.run(only_made, capture_output=True, check=False).returncode == 0
    [change_set] = emulator.client("cloudformation", account, REGION).list_change_sets(StackName="bare-test")[
        "Summaries"
    ]
    assert change_set["Status"] == "CREATE_COMPLETE"


def test_a_bucket_of_ones_own(
    project: Project, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    account = sign_in(emulator, monkeypatch)
    mine = f"mine-{account}"
    # It is not made for them: the name may be a mistake.
    assert package.main(["--env", "toolchain", "--bucket", mine]) == 1
    assert mine in capfd.readouterr().err
    emulator.client("s3", account, REGION).create_bucket(
        Bucket=mine, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    assert package.main(["--env", "toolchain", "--bucket", mine, "--out", "elsewhere"]) == 0
    assert all(
        f"/{mine}/toolchain/" in url for url in urls(project.folder / "elsewhere/toolchain/toolchain.yaml").values()
    )
