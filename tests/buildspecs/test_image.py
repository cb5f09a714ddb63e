"""The image build, with recorders in the place of docker and aws."""

import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.conftest import Tools
from tests.buildspecs.index import attestation, index
from tests.buildspecs.runner import Outcome, run
from tests.buildspecs.servers import COMMIT

REPOSITORY = "000000000000.dkr.ecr.eu-central-1.amazonaws.com/courier/orders"
TAG = "4f2a9c1e7b3d-7"
DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64

PASSWORD = {"match": "get-login-password", "replies": [{"out": "token"}]}
FREE = {"match": "imageTag=", "replies": [{"out": "None\n"}]}
ATTESTED = {"match": "imageDigest=", "replies": [{"out": index(attestation())}]}
PUSH = {"match": "push=true", "replies": [{"digest": DIGEST}]}
FAILS = {"status": 1}


def build(source: Path, tools: Tools, *rules: dict[str, Any], **environment: str) -> Outcome:
    tools.record("docker", "aws", rules=(*rules, PASSWORD, FREE, ATTESTED, PUSH))
    contract = {
        "SERVICE": "orders",
        "REPOSITORY_URI": REPOSITORY,
        "COMMIT_ID": COMMIT,
        "BRANCH": "main",
        "IMAGE_PLATFORM": "linux/arm64",
        "CACHE_URI": f"{REPOSITORY}-cache",
    }
    return run(load("image"), source, {**tools.environment, **contract, **environment})


def builds(tools: Tools) -> list[list[str]]:
    return tools.calls("docker", "buildx", "build")


def options(call: list[str], name: str) -> list[str]:
    return [value for option, value in itertools.pairwise(call) if option == name]


def test_exports_the_manifest_digest_of_what_was_pushed(source: Path, tools: Tools) -> None:
    outcome = build(source, tools)
    assert outcome.succeeded, outcome.log
    assert outcome.exported == {"IMAGE_TAG": TAG, "IMAGE_DIGEST": DIGEST, "IMAGE_URI": f"{REPOSITORY}@{DIGEST}"}


def test_logs_in_before_anything_else(source: Path, tools: Tools) -> None:
    build(source, tools)
    first = tools.calls("docker")[0]
    assert first == ["docker", "login", "--username", "AWS", "--password-stdin", REPOSITORY.partition("/")[0]]


def test_builds_once_without_a_push_and_then_pushes_one_image(source: Path, tools: Tools) -> None:
    build(source, tools)
    dry, push = builds(tools)
    assert options(dry, "--output") == ["type=cacheonly"]
    assert options(push, "--output") == [f"type=image,name={REPOSITORY}:{TAG},push=true,oci-mediatypes=true"]
    for call in (dry, push):
        assert call[3] == "./."
        assert options(call, "--platform") == ["linux/arm64"]
        assert options(call, "--file") == ["Dockerfile"]
        assert options(call, "--build-arg") == [f"VERSION={TAG}", f"COMMIT={COMMIT}"]
        assert options(call, "--attest") == ["type=provenance,mode=max", "type=sbom"]
    shared = [word for word in push if word in dry]
    assert shared == [word for word in dry if word != "type=cacheonly"]


def test_labels_say_where_the_image_comes_from(source: Path, tools: Tools) -> None:
    build(source, tools, SOURCE_URL="https://github.com/courier/orders")
    push = builds(tools)[-1]
    labels = dict(label.split("=", 1) for label in options(push, "--label"))
    created = labels.pop("org.opencontainers.image.created")
    assert created.endswith("Z")
    assert len(created) == len("2026-01-31T12:00:00Z")
    assert labels == {
        "org.opencontainers.image.title": "orders",
        "org.opencontainers.image.version": TAG,
        "org.opencontainers.image.revision": COMMIT,
        "org.opencontainers.image.ref.name": "main",
        "org.opencontainers.image.source": "https://github.com/courier/orders",
        "com.amazonaws.codebuild.build-number": "7",
        "com.amazonaws.codebuild.build-id": "orders-image:0b1d",
    }
    assert options(push, "--annotation") == options(push, "--label")


def test_labels_without_a_value_are_left_out(source: Path, tools: Tools) -> None:
    build(source, tools, BRANCH="")
    names = [label.partition("=")[0] for label in options(builds(tools)[-1], "--label")]
    assert "org.opencontainers.image.ref.name" not in names
    assert "org.opencontainers.image.source" not in names


def test_cache_has_a_repository_of_its_own_and_cannot_fail_the_build(source: Path, tools: Tools) -> None:
    build(source, tools)
    dry, push = builds(tools)
    cache = f"type=registry,ref={REPOSITORY}-cache:buildcache-arm64"
    assert options(dry, "--cache-from") == options(push, "--cache-from") == [cache]
    assert options(dry, "--cache-to") == []
    (written,) = options(push, "--cache-to")
    wanted = {"mode=max", "image-manifest=true", "oci-mediatypes=true", "ignore-error=true"}
    assert set(written.removeprefix(f"{cache},").split(",")) == wanted


def test_works_without_a_cache(source: Path, tools: Tools) -> None:
    outcome = build(source, tools, CACHE_URI="")
    assert outcome.succeeded, outcome.log
    assert not any(word.startswith("--cache") for call in builds(tools) for word in call)


def test_other_dockerfile_and_context(source: Path, tools: Tools) -> None:
    (source / "services").mkdir()
    build(source, tools, DOCKERFILE="services/Dockerfile", BUILD_CONTEXT="services")
    for call in builds(tools):
        assert call[3] == "./services"
        assert options(call, "--file") == ["services/Dockerfile"]


def test_builder_image_can_be_a_mirror(source: Path, tools: Tools) -> None:
    build(source, tools, BUILDKIT_IMAGE="mirror.example/buildkit:1")
    (create,) = tools.calls("docker", "buildx", "create")
    assert options(create, "--driver") == ["docker-container"]
    assert options(create, "--driver-opt") == ["image=mirror.example/buildkit:1"]


def test_generator_of_the_sbom_can_be_chosen(source: Path, tools: Tools) -> None:
    build(source, tools, SBOM_GENERATOR="mirror.example/syft:1")
    for call in builds(tools):
        assert options(call, "--attest")[1] == "type=sbom,generator=mirror.example/syft:1"


UNATTESTED = [
    index(),
    index(attestation(kind="signature")),
    index(attestation(image=OTHER)),
    index(attestation(), architecture="amd64"),
    '{"config": {}, "layers": []}',
    "None\n",
]


@pytest.mark.parametrize("manifest", UNATTESTED)
@pytest.mark.parametrize("tag", [f"{OTHER}\n", "None\n"], ids=["there", "free"])
def test_an_image_without_attestation_is_refused(source: Path, tools: Tools, tag: str, manifest: str) -> None:
    there = {"match": "imageTag=", "replies": [{"out": tag}]}
    outcome = build(source, tools, there, {"match": "imageDigest=", "replies": [{"out": manifest}]})
    assert (outcome.succeeded, outcome.exported) == (False, {})
    assert "has no attestation for linux/arm64" in outcome.log


def test_looks_for_the_attestation_behind_the_digest(source: Path, tools: Tools) -> None:
    build(source, tools)
    *_, call = tools.calls("aws", "ecr", "batch-get-image")
    assert options(call, "--image-ids") == [f"imageDigest={DIGEST}"]
    assert "application/vnd.oci.image.index.v1+json" in call


def configured(tools: Tools) -> list[dict[str, Any]]:
    """BuildKit's configurations."""
    creates = tools.calls("docker", "buildx", "create")
    return [tomllib.loads(Path(file).read_text()) for call in creates for file in options(call, "--buildkitd-config")]


def test_base_images_come_from_mirrors(source: Path, tools: Tools, tmp_path: Path) -> None:
    registry = REPOSITORY.partition("/")[0]
    mirrors = f"docker.io={registry}/docker-hub public.ecr.aws={registry}/ecr-public"
    outcome = build(source, tools, MIRRORS=mirrors, TMPDIR=str(tmp_path))
    assert outcome.succeeded, outcome.log
    assert configured(tools) == [
        {
            "registry": {
                "docker.io": {"mirrors": [f"{registry}/docker-hub"]},
                "public.ecr.aws": {"mirrors": [f"{registry}/ecr-public"]},
            }
        }
    ]


def test_without_mirrors_buildkit_has_its_own_configuration(source: Path, tools: Tools) -> None:
    outcome = build(source, tools, MIRRORS="")
    assert outcome.succeeded, outcome.log
    assert configured(tools) == []


def test_a_tag_that_exists_is_the_image(source: Path, tools: Tools) -> None:
    outcome = build(source, tools, {"match": "imageTag=", "replies": [{"out": f"{OTHER}\n"}]})
    assert outcome.succeeded, outcome.log
    assert outcome.exported["IMAGE_URI"] == f"{REPOSITORY}@{OTHER}"
    assert builds(tools) == []


def test_push_is_tried_again_without_a_second_build(source: Path, tools: Tools) -> None:
    outcome = build(source, tools, {"match": "push=true", "replies": [FAILS, {"digest": DIGEST}]})
    assert outcome.succeeded, outcome.log
    assert outcome.exported["IMAGE_DIGEST"] == DIGEST
    assert [options(call, "--output")[0].startswith("type=cacheonly") for call in builds(tools)] == [True, False, False]


def test_push_that_failed_after_setting_the_tag(source: Path, tools: Tools) -> None:
    taken = {"match": "imageTag=", "replies": [{"out": "None\n"}, {"out": "None\n"}, {"out": f"{OTHER}\n"}]}
    outcome = build(source, tools, taken, {"match": "push=true", "replies": [FAILS]})
    assert outcome.succeeded, outcome.log
    assert outcome.exported["IMAGE_DIGEST"] == OTHER
    assert len(builds(tools)) == 2


@pytest.mark.parametrize(
    ("match", "calls"),
    [("push=true", 3), ("get-login-password", 3), ("buildx create", 3), ("type=cacheonly", 1), ("imageDigest=", 3)],
)
def test_gives_up_in_the_end(source: Path, tools: Tools, match: str, calls: int) -> None:
    outcome = build(source, tools, {"match": match, "replies": [FAILS]})
    assert not outcome.succeeded
    assert outcome.exported == {}
    assert sum(match in " ".join(call) for call in tools.calls()) == calls


@pytest.mark.parametrize("digest", ["", "null", "sha256:abc"])
def test_refuses_what_is_no_digest(source: Path, tools: Tools, digest: str) -> None:
    outcome = build(source, tools, {"match": "push=true", "replies": [{"digest": digest}]})
    assert not outcome.succeeded
    assert outcome.exported == {}
    assert "no digest" in outcome.log


def test_tag_of_a_source_without_git(source: Path, tools: Tools) -> None:
    outcome = build(source, tools, COMMIT_ID="3sL4k.qtJl_cpXroDTDmJ+rmSpXd3dIbrHY")
    assert outcome.exported["IMAGE_TAG"] == "3sL4kqtJlcpX-7"


@pytest.mark.parametrize("missing", ["COMMIT_ID", "REPOSITORY_URI", "IMAGE_PLATFORM"])
def test_missing_input_is_an_error(source: Path, tools: Tools, missing: str) -> None:
    outcome = build(source, tools, **{missing: ""})
    assert not outcome.succeeded
    assert missing in outcome.log
    assert tools.calls() == []
