"""Parameters of the toolchain stacks."""

from __future__ import annotations

from sendy_cfn.parameters import Knob

TOOLCHAIN = "Toolchain"

# artifacts
ARTIFACT_DAYS = Knob(
    name="ArtifactDays",
    description="Days that artifacts are kept; a stage can be retried or rolled back as long as its artifacts exist",
    group=TOOLCHAIN,
    label="Keep artifacts (days)",
    type="Number",
    default=90,
    minimum=1,
    maximum=3650,
)
NOTIFICATION_EMAIL = Knob(
    name="NotificationEmail",
    description="E-mail address that hears of failures and waiting approvals (it is asked to confirm); empty for none",
    group=TOOLCHAIN,
    label="E-mail for notifications",
    default="",
    pattern=r"([A-Za-z0-9.!#%&'*+/=?^_|~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63})?",
    shape="an e-mail address, or empty",
)

# source
EXISTING_CONNECTION_ARN = Knob(
    name="ExistingConnectionArn",
    description="ARN of a connection to the Git host that exists already; empty to make one",
    group=TOOLCHAIN,
    label="Existing connection",
    default="",
    pattern=r"(arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[a-f0-9-]+)?",
    shape="the ARN of a connection, or empty",
)

# pipeline
BUILDKIT_IMAGE = Knob(
    name="BuildkitImage",
    description="Image of BuildKit; a mirror escapes Docker Hub's pull limit",
    group=TOOLCHAIN,
    default="moby/buildkit:buildx-stable-1",
    pattern=r"[A-Za-z0-9._:/@-]{3,256}",
    shape="an image's name",
)
MAX_P95_MILLISECONDS = Knob(
    name="MaxP95Milliseconds",
    description="Milliseconds within which 95 % of the answers have to come under load; a load test fails above",
    group=TOOLCHAIN,
    label="Load test: 95 % of answers within (ms)",
    type="Number",
    default=500,
    minimum=1,
    maximum=60000,
)
MAX_ERROR_PERCENT = Knob(
    name="MaxErrorPercent",
    description="Percent of a load test's requests that may fail; it fails above",
    group=TOOLCHAIN,
    label="Load test: errors (%)",
    type="Number",
    default=1,
    minimum=0,
    maximum=100,
)
LOAD_SECONDS = 60  # that a load test sends for
LOAD_REQUESTS_PER_SECOND = Knob(
    name="LoadRequestsPerSecond",
    description="Requests that a load test sends in a second, at most; RequestsPerClient of the environment lets it",
    group=TOOLCHAIN,
    label="Load test: requests per second",
    type="Number",
    default=100,
    minimum=1,
    maximum=1000,
)
FAIL_ON_SEVERITY = Knob(
    name="FailOnSeverity",
    description="Severity from which on a finding of the image scan stops a release; NONE for no gate",
    group=TOOLCHAIN,
    label="Image scan: stop at",
    default="CRITICAL",
    allowed=("CRITICAL", "HIGH", "MEDIUM", "LOW", "NONE"),
)
SBOM_GENERATOR = Knob(
    name="SbomGenerator",
    description="Image that lists what is in an image (SBOM); a mirror escapes Docker Hub's pull limit",
    group=TOOLCHAIN,
    default="docker/buildkit-syft-scanner:stable-1",
    pattern=r"[A-Za-z0-9._:/@-]{3,256}",
    shape="an image's name",
)


def upstream_credential(upstream: str) -> Knob:
    """The secret with the credentials for a registry that wants some; ECR prescribes how its name begins."""
    return Knob(
        name=f"{''.join(part.capitalize() for part in upstream.split('-'))}CredentialArn",
        description=f"ARN of the secret with the credentials for {upstream}",
        group=TOOLCHAIN,
        pattern=r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]+",
        shape="the ARN of a secret whose name begins with ecr-pullthroughcache/",
    )


DOCKER_HUB_CREDENTIAL_ARN = upstream_credential("docker-hub")
GITHUB_CREDENTIAL_ARN = upstream_credential("github")


# Output of an environment's stack -> the role whose ARN it is.
_ROLES = {
    "PipelineRoleArn": "the role that pipelines take on",
    "CloudFormationRoleArn": "the role with which CloudFormation makes service stacks",
    "ReaderRoleArn": "the role with which releases look at service stacks",
}


def environment_role(name: str) -> Knob:
    """A role of an environment in another account or region, where pipelines can't look it up: people copy its ARN.

    Args:
        name: `<Environment>PipelineRoleArn`, `…CloudFormationRoleArn` or `…ReaderRoleArn`.

    Raises:
        KeyError: the name is none of them.
    """
    for output, what in _ROLES.items():
        place = name.removesuffix(output)
        if place not in ("", name):
            return Knob(
                name=name,
                description=f"ARN of {what} in {place}: output {output} of that environment's stack",
                group=TOOLCHAIN,
                pattern="arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9/_+=,.@-]{1,512}",
                shape="the ARN of a role",
            )
    raise KeyError(name)


KNOBS: tuple[Knob, ...] = (
    ARTIFACT_DAYS,
    NOTIFICATION_EMAIL,
    EXISTING_CONNECTION_ARN,
    BUILDKIT_IMAGE,
    MAX_P95_MILLISECONDS,
    MAX_ERROR_PERCENT,
    LOAD_REQUESTS_PER_SECOND,
    FAIL_ON_SEVERITY,
    SBOM_GENERATOR,
    DOCKER_HUB_CREDENTIAL_ARN,
    GITHUB_CREDENTIAL_ARN,
)
