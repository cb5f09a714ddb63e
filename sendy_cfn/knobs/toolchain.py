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

# notifications
NOTIFICATIONS = "Notifications"
EMAIL = r"([A-Za-z0-9.!#%&'*+/=?^_|~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63})?"
NOTIFICATION_EMAIL = Knob(
    name="NotificationEmail",
    description="E-mail address that hears of alerts and notices (it is asked to confirm both); empty for none",
    group=NOTIFICATIONS,
    label="E-mail for alerts and notices",
    default="",
    pattern=EMAIL,
    shape="an e-mail address, or empty",
)
ALERT_EMAIL = Knob(
    name="AlertEmail",
    description="E-mail address that hears of alerts only, such as that of who is on call; empty for none",
    group=NOTIFICATIONS,
    label="E-mail for alerts only",
    default="",
    pattern=EMAIL,
    shape="an e-mail address, or empty",
)
NOTIFICATION_WEBHOOK = Knob(
    name="NotificationWebhook",
    description="HTTPS address that SNS posts alerts and notices to, once it has confirmed; empty for none",
    group=NOTIFICATIONS,
    label="Webhook for alerts and notices",
    default="",
    pattern=r"(https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[!-~]{0,1600})?)?",
    shape="an address that begins with https://, or empty",
)
SLACK_CHANNEL = Knob(
    name="SlackChannel",
    description="Slack workspace and channel, by their ids, for alerts and notices; empty for none",
    group=NOTIFICATIONS,
    label="Slack (workspace/channel)",
    default="",
    pattern=r"([0-9A-Z]{1,255}/[A-Za-z0-9]{1,256})?",
    shape="<workspace id>/<channel id> such as T012ABCDE/C034FGHIJ, or empty",
)
TEAMS_CHANNEL = Knob(
    name="TeamsChannel",
    description="Microsoft Teams tenant, team and channel, by their ids, for alerts and notices; empty for none",
    group=NOTIFICATIONS,
    label="Microsoft Teams (tenant/team/channel)",
    default="",
    pattern=r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/19%3[aA][A-Za-z0-9_.=+-]*%40[A-Za-z0-9_.=+-]*)?",
    shape="<tenant id>/<team id>/<channel id, as in its link: 19%3a…%40thread.tacv2>, or empty",
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
    ALERT_EMAIL,
    NOTIFICATION_WEBHOOK,
    SLACK_CHANNEL,
    TEAMS_CHANNEL,
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
