"""Defects that linters do not see, planted into templates: the 26 of our notes on hardening first, then others."""

from __future__ import annotations

from typing import NamedTuple


class Planted(NamedTuple):
    """One defect: what is replaced in which template, and what has to be said of it."""

    title: str
    rule: str
    case: str  # params, a folder of tests/cases, or "" for the templates of samples.py
    file: str
    old: str  # a regular expression; its first match is replaced
    new: str
    resource: str
    said: str  # a part of the message


def whole(resource: str) -> str:
    """The text of a resource."""
    return rf"  {resource}:\n(?:    .*\n|\n)+"


SERVICE, CLUSTER, NETWORK, BUILDS = "service-orders.yaml", "cluster.yaml", "network.yaml", "builds-orders.yaml"
PIPELINE = "pipeline-orders.yaml"

DEFECTS = [
    Planted("no execution role, awslogs", "house-execution-role", "params", SERVICE,
            r"      ExecutionRoleArn: .*\n", "", "TaskDefinition", "container orders "),
    Planted("mount point of an undeclared volume", "house-mount-volume", "params", SERVICE,
            r" *PortMappings:\n", "          MountPoints: [{SourceVolume: temp, ContainerPath: /temp}]\n\\g<0>",
            "TaskDefinition", "'temp', but Volumes has none"),
    Planted("container that the task definition lacks", "house-container-port", "params", SERVICE,
            r"ContainerName: orders", "ContainerName: order", "Service", "'order', but TaskDefinition has orders"),
    Planted("port that the container lacks", "house-container-port", "params", SERVICE,
            r"(LoadBalancers:\n.*\n *ContainerPort: )8080", r"\g<1>8081", "Service", "8081, which container orders"),
    Planted("service without DependsOn its listener", "house-service-listener", "params", SERVICE,
            r"    DependsOn:\n      - ListenerRule\n", "", "Service", "no DependsOn ListenerRule"),
    Planted("target type instance with awsvpc", "house-target-type", "params", SERVICE,
            r"TargetType: ip", "TargetType: instance", "TargetGroup", "network mode awsvpc"),
    Planted("both subnets in one zone", "house-load-balancer-zones", "", "network.yaml",
            r"us-east-1b", "us-east-1a", "LoadBalancer", "SubnetA and SubnetB are in one availability zone"),
    Planted("log bucket without its policy", "house-log-bucket-policy", "params", CLUSTER,
            whole("AccessLogBucketPolicy"), "", "LoadBalancer", "AccessLogBucket is to take logs, but has no policy"),
    Planted("unknown load balancer attribute", "house-load-balancer-attribute", "params", CLUSTER,
            r"routing\.http2\.enabled", "routing.http2.enable", "LoadBalancer", "mean 'routing.http2.enabled'?"),
    Planted("unknown SSL policy", "house-ssl-policy", "params", CLUSTER,
            r"TLS13-1-2-Res-PQ-2025-09", "TLS13-1-2-2021-07", "HttpsListener",
            "did you mean 'ELBSecurityPolicy-TLS13-1-2-2021-06'?"),
    Planted("VPC larger than /16", "house-vpc-size", "params", NETWORK,
            r"CidrBlock: !Ref VpcCidr", "CidrBlock: 10.0.0.0/8", "Vpc", "10.0.0.0/8 is /8, expected /16 to /28"),
    Planted("route without DependsOn the attachment", "house-gateway-route", "params", NETWORK,
            r"(  PublicDefaultRoute:\n.*\n)    DependsOn: .*\n", r"\1", "PublicDefaultRoute",
            "no DependsOn InternetGatewayAttachment"),
    Planted("unknown pipeline provider", "house-pipeline-provider", "params", PIPELINE,
            r"Provider: CodeBuild", "Provider: CodeBiuld", "Pipeline", "did you mean 'CodeBuild'?"),
    Planted("missing BranchName", "house-pipeline-missing-key", "params", PIPELINE,
            r" *BranchName: main\n", "", "Pipeline", "Source.Service: BranchName is missing"),
    Planted("unknown pipeline configuration key", "house-pipeline-unknown-key", "params", PIPELINE,
            r"DetectChanges:", "DetectChange:", "Pipeline", "Source.Service: DetectChange is no key"),
    Planted("bad compute type", "house-compute-type", "params", BUILDS,
            r"BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL2_MEDIUM", "ImageProject", "did you mean 'BUILD_GENERAL1_MEDIUM'?"),
    Planted("unknown CodeBuild image", "house-build-image", "params", BUILDS,
            r"x86_64-standard:5\.0", "x86_64-standard:9.0", "ImageProject", "is none of AWS's"),
    Planted("misspelt service principal", "house-service-principal", "params", SERVICE,
            r"ecs-tasks\.amazonaws\.com", "ecs-task.amazonaws.com", "ExecutionRole", "'ecs-tasks.amazonaws.com'?"),
    Planted("key policy without administrator", "house-key-administrator", "params", NETWORK,
            r" *- kms:PutKeyPolicy\n", "", "Key", "lets nobody of the account use kms:PutKeyPolicy"),
    Planted("log group key not granted to the logs service", "house-log-group-key", "params", NETWORK,
            r"logs\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}", "sns.amazonaws.com", "FlowLogGroup", "KmsKeyId is Key"),
    Planted("duplicate WAF priority", "house-waf-priority", "", "firewall.yaml",
            r"Priority: 1", "Priority: 0", "WebAcl", "rules Rates and Common both have priority 0"),
    Planted("WAF log destination without prefix", "house-waf-log-name", "", "firewall.yaml",
            r"aws-waf-logs-courier", "waf-logs-courier", "WafLogs", "LogGroupName waf-logs-courier"),
    Planted("misspelt platform version", "house-platform-version", "params", SERVICE,
            r"(Type: AWS::ECS::Service\n(?:.*\n)*?    Properties:\n)", r"\1      PlatformVersion: LATST\n", "Service",
            "did you mean 'LATEST'?"),
    Planted("healthy percent both 100", "house-deployment-deadlock", "params", SERVICE,
            r"MaximumPercent: 200", "MaximumPercent: 100", "Service", "no task may stop, none may start"),
    Planted("CODE_DEPLOY with circuit breaker", "house-circuit-breaker", "params", SERVICE,
            r"      DeploymentConfiguration:\n", "      DeploymentController: {Type: CODE_DEPLOY}\n\\g<0>", "Service",
            "deployment controller CODE_DEPLOY"),
    Planted("misspelt endpoint service", "house-endpoint-service", "params", NETWORK,
            r"\.ecr\.dkr", ".ecr.dkrr", "EcrDkrEndpoint", "did you mean 'ecr.dkr'?"),
    Planted("event pattern value that is no list", "house-event-pattern", "other-sources", "pipeline-cart.yaml",
            r"source:\n *- aws\.s3", "source: aws.s3", "SourceChanged", 'expected a list: ["aws.s3"]'),
    # The same defects in other places.
    Planted("no execution role, secrets", "house-execution-role", "", "service.yaml",
            r"      ExecutionRoleArn: .*\n", "      Volumes: []\n", "Secretive", "container app reads secrets"),
    Planted("no execution role, ECR", "house-execution-role", "", "service.yaml",
            r"(Pulling:\n.*\n.*\n)      ExecutionRoleArn: .*\n", r"\1", "Pulling", "app has its image in ECR"),
    Planted("target type left out", "house-target-type", "params", SERVICE,
            r" *TargetType: ip\n", "", "TargetGroup", "target type instance"),
    Planted("no mapping at all", "house-container-port", "params", SERVICE,
            r" *PortMappings:\n.*\n.*tcp\n", "", "Service", "8080, which container orders"),
    Planted("policy made whenever", "house-log-bucket-policy", "params", CLUSTER,
            r"      - AccessLogBucketPolicy\n", "", "LoadBalancer", "no DependsOn AccessLogBucketPolicy"),
    Planted("policy that lets nobody in", "house-log-bucket-policy", "params", CLUSTER,
            r"s3:PutObject", "s3:GetObject", "LoadBalancer", "has no policy"),
    Planted("unknown target group attribute", "house-load-balancer-attribute", "params", SERVICE,
            r"deregistration_delay\.timeout_seconds", "deregistration_delay.seconds", "TargetGroup", "did you mean"),
    Planted("SSL policy in a branch", "house-ssl-policy", "params", CLUSTER,
            r"SslPolicy: (.*)", r"SslPolicy: !If [HasNew, \1, ELBSecurityPolicy-2016-80]", "HttpsListener", "2016-80"),
    Planted("large block by default", "house-vpc-size", "params", NETWORK,
            r"(  VpcCidr:\n    Type: String\n)", r"\1    Default: 10.0.0.0/12\n", "Vpc", "10.0.0.0/12"),
    Planted("key without a policy", "house-log-group-key", "params", NETWORK,
            r"      KeyPolicy:\n(?:        .*\n)+", "", "FlowLogGroup", "KmsKeyId is Key"),
    Planted("destination by ARN", "house-waf-log-name", "", "firewall.yaml",
            r"!GetAtt WafLogs\.Arn", '!Sub "arn:${AWS::Partition}:logs:${AWS::Region}:1:log-group:firewall"', "Logging",
            "destination firewall"),
    Planted("destination by ARN of a group", "house-waf-log-name", "params", "cluster.yaml",
            r"aws-waf-logs-courier", "waf-logs-courier", "WebAclLogGroup", "LogGroupName waf-logs-courier"),
    Planted("destination without a name", "house-waf-log-name", "", "firewall.yaml",
            r" *LogGroupName: .*\n", "      RetentionInDays: 1\n", "WafLogs", "has no LogGroupName"),
    Planted("maximum 100 and the default minimum", "house-deployment-deadlock", "params", SERVICE,
            r" *MinimumHealthyPercent: 100\n *MaximumPercent: 200", "        MaximumPercent: '100'", "Service",
            "no task"),
    Planted("circuit breaker of CodeDeploy's service", "house-circuit-breaker", "strategies",
            "service-deployed-codedeploy.yaml", r"( *)DeploymentController:\n",
            r"\1DeploymentConfiguration: {DeploymentCircuitBreaker: {Enable: 'true'}}\n\g<0>",
            "CodeDeployService", "CODE_DEPLOY"),
    Planted("endpoint name turned round", "house-endpoint-service", "params", NETWORK,
            r"com\.amazonaws\.(.*)\.ecr\.api", r"com.amazonaws.\1.api.ecr", "EcrApiEndpoint", "'api.ecr' is none"),
    Planted("misspelt start of an endpoint's name", "house-endpoint-service", "params", NETWORK,
            r"com\.amazonaws\.(.*)\.ecr\.api", r"com.amazonws.\1.ecr.api", "EcrApiEndpoint", "expected com.amazonaws."),
    Planted("endpoint without a region", "house-endpoint-service", "params", NETWORK,
            r"com\.amazonaws\.(.*)\.ecr\.api", "com.amazonaws.ecr.api", "EcrApiEndpoint", "has no region"),
    Planted("event pattern as JSON", "house-event-pattern", "", "firewall.yaml",
            r"EventPattern: .*", """EventPattern: '{"detail": {"state": "STOPPED"}}'""", "Stopped", "detail.state is"),
    Planted("variable that nobody makes", "house-pipeline", "params", PIPELINE,
            r"#\{ServiceSource\.", "#{ServiceSauce.", "Pipeline", "no action has the namespace 'ServiceSauce'"),
    Planted("provider of a condition", "house-pipeline-provider", "params", PIPELINE,
            r"Provider: CloudWatchAlarm", "Provider: CloudwatchAlarms", "Pipeline", "did you mean 'CloudWatchAlarm'?"),
]  # fmt: skip
