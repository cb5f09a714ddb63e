"""Environment variables of the builds, as far as they are known before the pipeline runs.

The build specifications in `buildspecs` read them; the pipeline's actions add those that differ per execution and
environment. A service's own commands are here, not there: in an action CodePipeline would replace #{…} in them and
take 1,000 characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.blocks.pipeline_sources import repository_url
from sendy_cfn.blocks.settings import stored
from sendy_cfn.blocks.text import literal
from sendy_cfn.config.words import Test
from sendy_cfn.knobs.release import RECORD_TTL, SMOKE_LIMIT, SWITCH_GRACE
from sendy_cfn.knobs.toolchain import LOAD_SECONDS

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, ecr

    from sendy_cfn.blocks.settings import Stored
    from sendy_cfn.config.model import Platform, Service

    Variables = dict[str, AWSHelperFn | Stored | str]


def image(platform: Platform, service: Service, images: ecr.Repository, cache: ecr.Repository) -> Variables:
    """For the build of the image."""
    variables = _common(platform, service)
    variables["DOCKERFILE"] = service.dockerfile
    variables["IMAGE_PLATFORM"] = f"linux/{service.architecture}"
    variables["REPOSITORY_URI"] = images.get_att("RepositoryUri")
    variables["CACHE_URI"] = cache.get_att("RepositoryUri")
    url = repository_url(platform, service.source)
    if url:
        variables["SOURCE_URL"] = url
    for name in ("BUILDKIT_IMAGE", "SBOM_GENERATOR", *(("MIRRORS",) if platform.toolchain.base_images else ())):
        variables[name] = stored(platform.platform, name)
    return variables


def test(platform: Platform, service: Service, kind: str) -> Variables:
    """For the checks of a kind: of the code (quality), or of the deployed service."""
    variables = _common(platform, service)
    if kind == "quality":
        variables["DOCKERFILE"] = service.dockerfile
    else:
        variables["HEALTH_PATH"] = service.health_path
    if kind == Test.SMOKE:
        variables["VERSION_PATH"] = service.version_path
    if kind == Test.LOAD:
        variables["LOAD_SECONDS"] = str(LOAD_SECONDS)
        # How much load, and what the answers under it must keep to.
        for name in ("LOAD_REQUESTS_PER_SECOND", "MAX_P95_MILLISECONDS", "MAX_ERROR_PERCENT"):
            variables[name] = stored(platform.platform, name)
    commands: tuple[str, ...] = getattr(service.tests, kind)
    if commands:
        variables[f"{kind.upper()}_COMMANDS"] = literal("\n".join(commands))
    return variables


def shared(platform: Platform, kind: str) -> Variables:
    """For the builds that all pipelines share: what is the same for every service."""
    if kind == "scan":
        return {"FAIL_ON": stored(platform.platform, "FAIL_ON")}
    if kind == "verify":
        return {
            "TTL_SECONDS": str(RECORD_TTL),
            "GRACE_SECONDS": str(SWITCH_GRACE),
            "SMOKE_TIMEOUT_SECONDS": str(SMOKE_LIMIT),
        }
    return {}


def _common(platform: Platform, service: Service) -> Variables:
    source = service.source
    variables: Variables = {
        "PLATFORM": platform.platform,
        "SERVICE": service.name,
        "BUILD_CONTEXT": service.context,
    }
    if source.repository and not source.tags:  # a tag is on no branch that the pipeline could tell
        variables["BRANCH"] = source.branch
    return variables
