"""Patterns of names and values in platform.yaml; each matches the whole value."""

from __future__ import annotations

# These three also fit DNS labels, repositories, stack and role names. Ours start with the platform's, and AWS takes:
# no capacity provider that starts with aws, ecs or fargate; no SSM parameter with aws or ssm
# (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html); no bucket with sthree- or
# amzn-s3-demo- (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
PLATFORM_NAME = r"(?=.{2,16}$)(?!aws|ecs|fargate|ssm|sthree|amzn-s3-demo)[a-z](-?[a-z0-9])*"
ENVIRONMENT_NAME = r"(?=.{1,12}$)[a-z](-?[a-z0-9])*"
SERVICE_NAME = r"(?=.{2,24}$)[a-z](-?[a-z0-9])*"
DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
HOST = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
URL_PATH = r"/[A-Za-z0-9._~%/-]{0,99}"  # they travel in the environment of builds, of which AWS takes 1,000 characters
RULE_PATH = r"/[A-Za-z0-9._~/*?-]{0,126}"
REPOSITORY = r"(?=.{1,255}$)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,3}"
REFERENCE = r"[A-Za-z0-9._/-]{1,255}"
GLOB = r"[A-Za-z0-9._/*?{}\[\]!-]{1,255}"
FILE = r"(?![/-])(?!.*\.\.)[A-Za-z0-9._/-]{1,255}"  # a '-' in front would be an option of the build's commands
ACCOUNT = r"[0-9]{12}"
VARIABLE = r"[A-Z_][A-Z0-9_]{0,127}"
TEXT = r"[^\x00-\x1f]{0,1024}"
COMMAND = r"[^\x00-\x1f]{1,1024}"
PARTITION = "aws(-cn|-us-gov|-eusc|-iso(-[a-z])?)?"
SECRET = (
    r"/[A-Za-z0-9._/{}-]{1,900}"
    r"|secretsmanager:[A-Za-z0-9/_+=.@{}-]{1,400}(:[A-Za-z0-9_.-]{1,100})?"
    rf"|arn:{PARTITION}:ssm:[a-z0-9-]+:[0-9]{{12}}:parameter/[A-Za-z0-9._/-]{{1,900}}"
    rf"|arn:{PARTITION}:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:[A-Za-z0-9/_+=.@-]{{1,500}}"
    r"(:[A-Za-z0-9_.-]{0,100}:[A-Za-z0-9_./-]{0,100}:[A-Za-z0-9-]{0,64})?"
)
ACTION = r"[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9]{1,63}"
ONE_ACTION = "one action such as 's3:GetObject', without '*'"
# Something of the resource comes before the first wildcard: '*' alone would be every resource of a service.
RESOURCE_ARN = (
    rf"arn:({PARTITION}|\{{partition\}}):[a-z][a-z0-9-]*:([a-z0-9-]*|\{{region\}}):([0-9]{{12}}|\{{account\}})?"
    r":[A-Za-z0-9/_+=.@{}-][A-Za-z0-9/_+=.@:*?{}-]{0,899}"
)
# Of CodePipeline's DeploymentWindow: seconds can't be chosen, the year may be left out.
_CRON_FIELD = r"[A-Z0-9*?,/#-]+"
CRON = rf"\*( {_CRON_FIELD}){{5,6}}"
TIME_ZONE = r"UTC([+-][0-9]{2}:[0-9]{2})?|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+){1,2}"
