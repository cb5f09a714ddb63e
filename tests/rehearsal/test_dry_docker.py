"""The recorder that stands for docker, run as a build runs it, against the emulator's ECR."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from rehearsal.dry import docker, dockerfile
from tests.platforms import ROOT
from tests.rehearsal.deployed import Account, account

TAG = "c" * 40
FILE = (
    'FROM base\nARG COMMIT=unknown\nENV COMMIT=${COMMIT}\nWORKDIR /app\nEXPOSE 8080\nCMD ["python3", "/app/app.py"]\n'
)


class Site:
    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.here: Account = account(emulator)
        self.folder = folder
        self.context = folder / "code"
        self.context.mkdir()
        (self.context / "Dockerfile").write_text(FILE)
        (self.context / "app.py").write_text("print(1)\n")
        self.repository = self.here.client("ecr").create_repository(
            repositoryName="courier/orders", imageTagMutability="IMMUTABLE"
        )["repository"]["repositoryUri"]

    def docker(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**self.here.aws.environment(self.here.place), "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "rehearsal.dry.docker", *words],
            cwd=self.context,
            env={**environment, docker.FOLDER: str(self.folder / "images")},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, *more: str, push: bool = True) -> subprocess.CompletedProcess[str]:
        output = f"type=image,name={self.repository}:{TAG},push=true" if push else "type=cacheonly"
        given = ["--platform", "linux/arm64", "--file", "Dockerfile", "--output", output]
        told = ["--metadata-file", str(self.folder / "metadata.json")] if push else []
        return self.docker("buildx", "build", ".", *given, *told, *more)

    @property
    def digest(self) -> str:
        document = json.loads((self.folder / "metadata.json").read_text())
        return str(document["containerimage.digest"])

    def manifest(self) -> dict[str, Any]:
        ecr = self.here.client("ecr")
        found = ecr.batch_get_image(repositoryName="courier/orders", imageIds=[{"imageTag": TAG}])["images"]
        document: dict[str, Any] = json.loads(found[0]["imageManifest"])
        assert found[0]["imageId"]["imageDigest"] == self.digest
        return document

    @property
    def tags(self) -> list[str]:
        found = self.here.client("ecr").list_images(repositoryName="courier/orders")["imageIds"]
        return [image["imageTag"] for image in found]


@pytest.fixture
def site(emulator: Emulator, tmp_path: Path) -> Site:
    return Site(emulator, tmp_path)


def test_a_push_puts_an_index_with_an_attestation_into_ecr(site: Site) -> None:
    done = site.build(
        "--attest", "type=provenance,mode=max", "--build-arg", f"COMMIT={TAG}", "--annotation", "index:a=b=c"
    )
    assert (done.returncode, done.stderr) == (0, "")
    index = site.manifest()
    image, attestation = index["manifests"]
    assert index["annotations"] == {"index:a": "b=c"}
    assert image["platform"] == {"os": "linux", "architecture": "arm64"}
    assert attestation["annotations"] == {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image["digest"],
    }
    program = dockerfile.load(site.folder / "images" / f"{site.digest.removeprefix('sha256:')}.json")
    assert (program.command, program.port, program.environment) == (("python3", "/app/app.py"), 8080, {"COMMIT": TAG})
    # The files as they were at the time of the build.
    assert (Path(program.context) / "app.py").read_text() == "print(1)\n"
    assert site.context not in Path(program.context).parents


def test_an_immutable_tag_is_refused_for_another_image(site: Site) -> None:
    site.build()
    first = site.digest
    done = site.build("--label", "x=y")
    assert done.returncode == 1
    assert done.stderr.startswith("docker: ")
    assert "ImageTagAlreadyExistsException" in done.stderr
    assert site.digest == first


def test_without_attestations_the_index_has_none(site: Site) -> None:
    site.build()
    assert len(site.manifest()["manifests"]) == 1


def test_a_build_into_the_cache_pushes_nothing(site: Site) -> None:
    done = site.build(push=False)
    assert done.returncode == 0
    assert done.stdout == "noted down: python3 /app/app.py, for linux/arm64\n"
    assert site.tags == []


def test_a_repository_that_is_not_there(site: Site) -> None:
    site.here.client("ecr").delete_repository(repositoryName="courier/orders")
    done = site.build()
    assert done.returncode == 1
    assert "RepositoryNotFoundException" in done.stderr


def test_what_a_build_cannot_do_is_refused() -> None:
    # Without another process: these end before anything is asked of ECR.
    for words in (["run", "x"], ["buildx", "imagetools", "inspect"], [], ["login", "--username", "me"]):
        assert docker.main(words) == 1
    assert docker.main(["buildx", "create", "--use"]) == 0


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        docker.main(["buildx", "build", ".", "--squash"])
    assert "unrecognized arguments: --squash" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"), [(None, "No such file"), ("FROM a", "no CMD or ENTRYPOINT"), ("x", "no FROM")]
)
def test_a_dockerfile_that_is_missing_or_unclear(
    tmp_path: Path, text: str | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "Dockerfile").write_text(text)
    assert docker.main(["buildx", "build", str(tmp_path), "--platform", "linux/amd64"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("password", "status"), [("secret\n", 0), ("", 1)])
def test_a_login_needs_a_password(site: Site, password: str, status: int) -> None:
    done = site.docker("login", "--username", "AWS", "--password-stdin", site.repository, given=password)
    assert done.returncode == status
