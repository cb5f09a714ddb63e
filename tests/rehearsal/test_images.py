import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full import docker_shim, images, oci
from rehearsal.full.storage import Storage

REPOSITORY = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/courier/orders"
# Plays buildah and skopeo: keeps what it is called with, "builds" one image, and "pushes" into a folder.
TOOL = """\
import hashlib, json, shutil, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from rehearsal.full import oci
here, words = Path({here!r}), sys.argv[1:]
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(words) + chr(10))
if words[1] == "login" and not sys.stdin.read():
    sys.exit(1)
if words[1] == "bud":
    Path(words[words.index("--iidfile") + 1]).write_text("sha256:built")
if words[1] == "push":
    layout = oci.Layout(Path(words[-1].split(":")[1]))
    config = layout.add({{"os": "linux"}}, oci.CONFIG)
    image = layout.add(oci.manifest(config, []), oci.MANIFEST)
    layout.index([{{**image, "annotations": {{oci.REF_NAME: "image"}}}}])
if words[1] == "copy":
    shutil.copytree(words[-2].split(":")[1], here / "pushed")
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder with a build's settings and what plays the tools."""
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tmp_path / "tool.py"
    root = str(Path(images.__file__).parents[2])
    script.write_text(TOOL.format(root=root, here=str(tmp_path)))
    for name in ("buildah", "skopeo"):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" {name} "$@"\n')
        (tools / name).chmod(0o755)
    settings = {
        "environment": {"PATH": f"{tools}:/usr/bin:/bin"},
        "prefix": ["env"],
        "folder": str(tmp_path),
        "platform": "linux/amd64",
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "context").mkdir()
    return tmp_path


def docker(host: Path, *words: str) -> int:
    return docker_shim.main(str(host / "settings.json"), words)


def build(host: Path, *words: str, platform: str = "linux/amd64") -> int:
    return docker(host, "buildx", "build", str(host / "context"), "--platform", platform, *words)


def builder(host: Path) -> None:
    assert docker(host, "buildx", "create", "--use", "--bootstrap", "--driver", "docker-container") == 0


def calls(host: Path) -> list[list[str]]:
    return [json.loads(line) for line in (host / "calls").read_text().splitlines()] if (host / "calls").exists() else []


def pushed(host: Path) -> tuple[oci.Layout, str]:
    layout = oci.Layout(host / "pushed")
    return layout, layout.entries()[0]["digest"]


PUSH = (
    *("--attest", "type=provenance,mode=max", "--attest", "type=sbom"),
    *("--output", f"type=image,name={REPOSITORY}:one,push=true,oci-mediatypes=true"),
)


class TestDockerBuild:
    def test_pushes_an_index_of_the_image_and_its_attestation(self, host: Path) -> None:
        builder(host)
        assert build(host, "--metadata-file", str(host / "metadata"), "--build-arg", "COMMIT=abc", *PUSH) == 0
        layout, digest = pushed(host)
        assert json.loads((host / "metadata").read_text())["containerimage.digest"] == digest
        assert calls(host)[-1][-1] == f"docker://{REPOSITORY}:one"
        image, attestation = layout.read(digest)["manifests"]
        assert image["platform"] == {"os": "linux", "architecture": "amd64"}
        assert attestation["annotations"] == {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        }
        (statement,) = layout.read(attestation["digest"])["layers"]
        said = layout.read(statement["digest"])
        assert said["predicateType"] == statement["annotations"]["in-toto.io/predicate-type"]
        assert said["subject"][0]["digest"]["sha256"] == image["digest"].removeprefix("sha256:")
        assert said["predicate"]["buildDefinition"]["externalParameters"]["request"] == {"args": {"COMMIT": "abc"}}

    def test_every_blob_of_the_index_is_what_its_digest_says(self, host: Path) -> None:
        builder(host)
        build(host, *PUSH)
        for blob in pushed(host)[0].blobs.iterdir():
            assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name

    def test_without_attestations_the_index_has_only_the_image(self, host: Path) -> None:
        builder(host)
        assert build(host, *PUSH[-2:]) == 0
        layout, digest = pushed(host)
        assert len(layout.read(digest)["manifests"]) == 1

    def test_passes_arguments_labels_and_annotations_on(self, host: Path) -> None:
        builder(host)
        words = ("--build-arg", "A=b=c", "--label", "l=1", "--annotation", "a=2", "--file", "Other")
        assert build(host, *words, "--output", "type=cacheonly") == 0
        (called,) = calls(host)
        for option, value in (
            ("--build-arg", "A=b=c"),
            ("--label", "l=1"),
            ("--annotation", "a=2"),
            ("--file", "Other"),
        ):
            assert called[called.index(option) + 1] == value
        assert not (host / "pushed").exists()

    def test_says_what_it_leaves_out(self, host: Path, capfd: pytest.CaptureFixture[str]) -> None:
        builder(host)
        cache = "type=registry,ref=r/c:buildcache-amd64"
        assert build(host, "--cache-from", cache, "--cache-to", f"{cache},mode=max", *PUSH) == 0
        said = capfd.readouterr().err
        assert "bill of materials" in said
        assert "no cache in the registry" in said

    def test_needs_a_builder(self, host: Path, capfd: pytest.CaptureFixture[str]) -> None:
        assert build(host, *PUSH) == 1
        assert "buildx create" in capfd.readouterr().err

    def test_ends_with_an_error_when_the_build_fails(self, host: Path) -> None:
        builder(host)
        (host / "tools/buildah").write_text("#!/bin/sh\nexit 7\n")
        assert build(host, "--output", "type=cacheonly") == 1
        assert calls(host) == []

    @pytest.mark.parametrize(
        ("words", "named"),
        [
            (("--output", "type=cacheonly", "--secret", "id=x"), "--secret"),
            (("--output", "type=local,dest=x"), "type=local"),
            (("--output", f"type=image,name={REPOSITORY}:one,push=false,oci-mediatypes=true"), "push=false"),
            (("--output", "type=cacheonly", "--attest", "type=other"), "type=other"),
            (("--output", "type=cacheonly", "--cache-from", "type=gha"), "type=gha"),
            ((), "--output"),
        ],
    )
    def test_refuses_what_it_does_not_play(
        self, host: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], named: str
    ) -> None:
        builder(host)
        assert build(host, *words) == 1
        assert named in capfd.readouterr().err
        assert calls(host) == []

    def test_refuses_another_platform(self, host: Path, capfd: pytest.CaptureFixture[str]) -> None:
        builder(host)
        assert build(host, "--output", "type=cacheonly", platform="linux/s390x") == 1
        assert "linux/s390x" in capfd.readouterr().err


@pytest.mark.parametrize("words", [("ps",), ("buildx", "rm"), (), ("login", "--password", "x", "registry")])
def test_docker_refuses_other_commands(host: Path, words: tuple[str, ...]) -> None:
    assert docker(host, *words) == 1


def test_a_builder_of_another_driver_or_without_its_configuration_is_refused(host: Path) -> None:
    assert docker(host, "buildx", "create", "--use", "--driver", "kubernetes") == 1
    created = ("buildx", "create", "--use", "--driver", "docker-container")
    assert docker(host, *created, "--buildkitd-config", str(host / "none")) == 1


class TestInstall:
    def test_docker_comes_first_in_the_path_and_starts(self, tmp_path: Path) -> None:
        tools = images.install(tmp_path / "build", Storage(tmp_path / "storage", "vfs"))
        environment = {**tools.environment, "PATH": f"{tools.path}:/usr/bin:/bin"}
        done = subprocess.run(["docker", "run", "x"], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "docker: run x: not played in a rehearsal" in done.stderr

    def test_what_a_build_writes_goes_with_its_folder(self, tmp_path: Path) -> None:
        tools = images.install(tmp_path / "build", Storage(tmp_path / "storage", "vfs"))
        assert Path(tools.environment["HOME"]).is_relative_to(tmp_path)
        assert Path(tools.environment["TMPDIR"]).is_dir()

    def test_builds_share_no_folder(self, tmp_path: Path) -> None:
        images.install(tmp_path / "build", Storage(tmp_path / "storage", "vfs"))
        with pytest.raises(RehearsalError, match="another build's"):
            images.install(tmp_path / "build", Storage(tmp_path / "storage", "vfs"))


class TestBases:
    @pytest.mark.parametrize(
        ("text", "arguments", "found"),
        [
            ("FROM a:1\nFROM b\nFROM a:1", {}, ["a:1", "b"]),
            ("ARG X=a:1\nFROM ${X} AS test\nFROM $X", {}, ["a:1"]),
            ("ARG X=a:1\nFROM ${X}", {"X": "c:2"}, ["c:2"]),
            ("FROM a AS One\nFROM one\nFROM scratch\nCOPY --from=one /x /y", {}, ["a"]),
            (
                "FROM --platform=linux/amd64 a as one\nCOPY --chmod=0444 --from=d:3 /x /y\nCOPY --from=0 /x /",
                {},
                ["a", "d:3"],
            ),
            ("# FROM x\nfrom \\\n  a\nARG X=1\nRUN echo FROM y", {}, ["a"]),
        ],
    )
    def test_are_what_a_dockerfile_takes_from_registries(
        self, text: str, arguments: Mapping[str, str], found: list[str]
    ) -> None:
        assert images.bases(text, arguments) == found

    def test_of_the_example_is_its_image_of_python(self) -> None:
        text = (Path(images.__file__).parents[2] / "examples/orders/Dockerfile").read_text()
        (name,) = images.bases(text)
        assert f"ARG PYTHON_IMAGE={name}\n" in text

    def test_need_their_arguments(self) -> None:
        with pytest.raises(RehearsalError, match="X has no value"):
            images.bases("ARG X\nFROM ${X}")


def test_a_layout_is_read_back(tmp_path: Path) -> None:
    layout = oci.Layout(tmp_path)
    content: dict[str, Any] = {"a": [1]}
    added = layout.add(content, oci.CONFIG)
    layout.index([added])
    assert oci.Layout(tmp_path).entries() == [added]
    assert layout.read(added["digest"]) == content
