"""Patterns of names and values in platform.yaml; each matches the whole value."""

from __future__ import annotations

# These three also fit DNS labels, repositories, stack and role names. AWS: no capacity provider's name starts with aws,
# ecs or fargate, and ours start with the platform's.
PLATFORM_NAME = r"(?=.{2,16}$)(?!aws|ecs|fargate)[a-z](-?[a-z0-9])*"
ENVIRONMENT_NAME = r"(?=.{1,12}$)[a-z](-?[a-z0-9])*"
SERVICE_NAME = r"(?=.{2,24}$)[a-z](-?[a-z0-9])*"
DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
HOST = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
URL_PATH = r"/[A-Za-z0-9._~%/-]{0,99}"  # they travel in the environment of builds, of which AWS takes 1,000 characters
RULE_PATH = r"/[A-Za-z0-9._~/*?-]{0,126}"
REPOSITORY = r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,3}"
REFERENCE = r"[A-Za-z0-9._/-]{1,255}"
GLOB = r"[A-Za-z0-9._/*?{}\[\]!-]{1,255}"
FILE = r"(?!/)(?!.*\.\.)[A-Za-z0-9._/-]{1,255}"
ACCOUNT = r"[0-9]{12}"
VARIABLE = r"[A-Z_][A-Z0-9_]{0,127}"
TEXT = r"[^\x00-\x1f]{0,1024}"
COMMAND = r"[^\x00-\x1f]{1,1024}"
SECRET = (
    r"/[A-Za-z0-9._/{}-]{1,900}"
    r"|secretsmanager:[A-Za-z0-9/_+=.@{}-]{1,400}(:[A-Za-z0-9_.-]{1,100})?"
    r"|arn:aws[a-z-]*:(ssm|secretsmanager):[a-z0-9-]+:[0-9]{12}:(parameter/|secret:)[A-Za-z0-9/_+=.@:-]{1,900}"
)
ACTION = r"[a-z0-9-]+:[A-Za-z0-9]{2,64}"
RESOURCE_ARN = (
    r"arn:(aws[a-z-]*|\{partition\}):[a-z0-9-]+:[a-z0-9-]*(\{region\})?:([0-9]{12}|\{account\})?"
    r":[A-Za-z0-9/_+=.@:*?{}-]{1,900}"
)
# Of CodePipeline's DeploymentWindow: seconds can't be chosen, the year may be left out.
_CRON_FIELD = r"[A-Z0-9*?,/#-]+"
CRON = rf"\*( {_CRON_FIELD}){{5,6}}"
TIME_ZONE = r"UTC([+-][0-9]{2}:[0-9]{2})?|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+){1,2}"
