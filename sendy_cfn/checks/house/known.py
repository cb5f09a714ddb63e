"""Names that AWS takes, where it publishes a list. Unknown ones are compared with these.

Kinds that botocore lists are held against it by a test. The others are as AWS's pages had them in November 2026; a name
that AWS adds later belongs in here.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html, as in botocore
LOAD_BALANCER_ATTRIBUTES = _names("""
    access_logs.s3.bucket access_logs.s3.enabled access_logs.s3.prefix client_keep_alive.seconds
    connection_logs.s3.bucket connection_logs.s3.enabled connection_logs.s3.prefix deletion_protection.enabled
    dns_record.client_routing_policy health_check_logs.s3.bucket health_check_logs.s3.enabled
    health_check_logs.s3.prefix idle_timeout.timeout_seconds ipv6.deny_all_igw_traffic
    load_balancing.cross_zone.enabled routing.http.desync_mitigation_mode
    routing.http.drop_invalid_header_fields.enabled routing.http.preserve_host_header.enabled
    routing.http.x_amzn_tls_version_and_cipher_suite.enabled routing.http.xff_client_port.enabled
    routing.http.xff_header_processing.mode routing.http2.enabled secondary_ips.auto_assigned.per_subnet
    waf.fail_open.enabled zonal_shift.config.enabled
    """)

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html, as in botocore
TARGET_GROUP_ATTRIBUTES = _names("""
    deregistration_delay.connection_termination.enabled deregistration_delay.timeout_seconds
    lambda.multi_value_headers.enabled load_balancing.algorithm.anomaly_mitigation load_balancing.algorithm.type
    load_balancing.cross_zone.enabled preserve_client_ip.enabled proxy_protocol_v2.enabled
    send_tcp_reset.on_deregistration.enabled send_tcp_reset.on_unhealthy.enabled slow_start.duration_seconds
    stickiness.app_cookie.cookie_name stickiness.app_cookie.duration_seconds stickiness.enabled
    stickiness.lb_cookie.duration_seconds stickiness.type target_failover.on_deregistration
    target_failover.on_unhealthy target_group_health.dns_failover.minimum_healthy_targets.count
    target_group_health.dns_failover.minimum_healthy_targets.percentage
    target_group_health.unhealthy_state_routing.minimum_healthy_targets.count
    target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage
    target_health_state.unhealthy.connection_termination.enabled
    target_health_state.unhealthy.draining_interval_seconds
    """)

# https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html, as in botocore
COMPUTE_TYPES = _names("""
    ATTRIBUTE_BASED_COMPUTE BUILD_GENERAL1_2XLARGE BUILD_GENERAL1_LARGE BUILD_GENERAL1_MEDIUM BUILD_GENERAL1_SMALL
    BUILD_GENERAL1_XLARGE BUILD_LAMBDA_10GB BUILD_LAMBDA_1GB BUILD_LAMBDA_2GB BUILD_LAMBDA_4GB BUILD_LAMBDA_8GB
    CUSTOM_INSTANCE_TYPE
    """)

# Each begins with ELBSecurityPolicy-.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
SSL_POLICIES = _names("""
    2015-05 2016-08 FS-1-1-2019-08 FS-1-2-2019-08 FS-1-2-Res-2019-08 FS-1-2-Res-2020-10 FS-2018-06 TLS-1-0-2015-04
    TLS-1-1-2017-01 TLS-1-2-2017-01 TLS-1-2-Ext-2018-06 TLS13-1-0-2021-06 TLS13-1-0-FIPS-2023-04
    TLS13-1-0-FIPS-PQ-2025-09 TLS13-1-0-PQ-2025-09 TLS13-1-1-2021-06 TLS13-1-1-FIPS-2023-04
    TLS13-1-1-FIPS-PQ-2025-09 TLS13-1-2-2021-06 TLS13-1-2-Ext0-FIPS-2023-04 TLS13-1-2-Ext0-FIPS-PQ-2025-09
    TLS13-1-2-Ext1-2021-06 TLS13-1-2-Ext1-FIPS-2023-04 TLS13-1-2-Ext1-FIPS-PQ-2025-09 TLS13-1-2-Ext1-PQ-2025-09
    TLS13-1-2-Ext2-2021-06 TLS13-1-2-Ext2-FIPS-2023-04 TLS13-1-2-Ext2-FIPS-PQ-2025-09 TLS13-1-2-Ext2-PQ-2025-09
    TLS13-1-2-FIPS-2023-04 TLS13-1-2-FIPS-PQ-2025-09 TLS13-1-2-PQ-2025-09 TLS13-1-2-Res-2021-06
    TLS13-1-2-Res-FIPS-2023-04 TLS13-1-2-Res-FIPS-PQ-2025-09 TLS13-1-2-Res-PQ-2025-09 TLS13-1-3-2021-06
    TLS13-1-3-FIPS-2023-04 TLS13-1-3-FIPS-PQ-2025-09 TLS13-1-3-PQ-2025-09
    """)

# Tags by the name behind aws/codebuild/, also those of images that AWS no longer maintains.
# https://docs.aws.amazon.com/codebuild/latest/userguide/ec2-compute-images.html and lambda-compute-images.html
IMAGES = {
    "standard": _names("1.0 2.0 3.0 4.0 5.0 6.0 7.0"),
    "amazonlinux-x86_64-standard": _names("1.0 2.0 3.0 4.0 5.0 corretto8 corretto11"),
    "amazonlinux-aarch64-standard": _names("1.0 2.0 3.0"),
    "amazonlinux-x86_64-lambda-standard": _names(
        """
        dotnet6 dotnet8 go1.21 go1.24 corretto11 corretto17 corretto21
        nodejs18 nodejs20 nodejs22 python3.11 python3.12 python3.13 ruby3.2 ruby3.4
        """
    ),
    "amazonlinux-aarch64-lambda-standard": _names(
        """
        dotnet6 dotnet8 go1.21 go1.24 corretto11 corretto17 corretto21
        nodejs18 nodejs20 nodejs22 python3.11 python3.12 python3.13 ruby3.2 ruby3.4
        """
    ),
    "windows-base": _names("1.0 2.0 2019-1.0 2019-2.0 2019-3.0 2022-1.0"),
    "macos-arm-base": _names("14 15 26"),
}

# Families whose tags are not listed any more, or never were; they still work.
OTHER_IMAGES = _names("""
    android-java-6 android-java-7 android-java-8 docker dot-net golang java nodejs php python ruby ubuntu-base
    """)

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-linux-fargate.html, retired ones too
PLATFORM_VERSIONS = _names("LATEST 1.0.0 1.1.0 1.2.0 1.3.0 1.4.0")

# By category. https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-valid-providers.html
PROVIDERS = {
    "Source": _names("CodeCommit CodeStarSourceConnection ECR S3"),
    "Build": _names("CodeBuild ECRBuildAndPublish"),
    "Test": _names("CodeBuild DeviceFarm"),
    "Deploy": _names("""
        AppConfig CloudFormation CloudFormationStackInstances CloudFormationStackSet CodeDeploy CodeDeployToECS EC2 ECS
        EKS ElasticBeanstalk Lambda OpsWorks S3 ServiceCatalog
        """),
    "Invoke": _names("CodePipeline InspectorScan Lambda StepFunctions"),
    "Approval": _names("Manual"),
    "Compute": _names("Commands"),
}

# What follows com.amazonaws.<region>. in the names of AWS's endpoint services.
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
ENDPOINT_SERVICES = _names("""
    access-analyzer account acm acm-fips acm-pca acm-pca-fips airflow.api airflow.api-fips airflow.env
    airflow.env-fips airflow.ops analytics-omics apigateway app-integrations appconfig appconfig-fips appconfigdata
    appconfigdata-fips application-autoscaling application-signals applicationinsights appmesh
    appmesh-envoy-management apprunner apprunner.requests appstream.api appstream.streaming appsync-api apptest aps
    aps-workspaces arsenal-discovery athena auditmanager autoscaling autoscaling-plans awsconnector b2bi backup
    backup-gateway batch bcm-data-exports bcm-pricing-calculator bedrock bedrock-agent bedrock-agent-runtime
    bedrock-agentcore bedrock-agentcore.gateway bedrock-data-automation bedrock-data-automation-fips
    bedrock-data-automation-runtime bedrock-data-automation-runtime-fips bedrock-fips bedrock-runtime
    bedrock-runtime-fips billing billingconductor braket cases cassandra cassandra-fips cassandra-streams ce
    cleanrooms cleanrooms-ml cloudcontrolapi cloudcontrolapi-fips clouddirectory cloudformation cloudformation-fips
    cloudhsmv2 cloudtrail codeartifact.api codeartifact.repositories codebuild codebuild-fips codecatalyst
    codecatalyst.git codecatalyst.packages codecommit codecommit-fips codeconnections.api codedeploy
    codedeploy-commands-secure codeguru-profiler codeguru-reviewer codepipeline codestar-connections.api
    codewhisperer cognito-identity cognito-identity-fips cognito-idp cognito-idp-fips comprehend comprehendmedical
    compute-optimizer config connect-campaigns console control-storage-omics controlcatalog cost-optimization-hub
    data-servicediscovery data-servicediscovery-fips databrew dataexchange datasync datazone deadline.management
    deadline.scheduling deviceadvisor.iot devops-guru dicom-medical-imaging discovery dms dms-fips drs ds ds-data
    dsql dynamodb dynamodb-fips dynamodb-streams ebs ebs-fips ec2 ec2-fips ec2messages ecr-public.api ecr.api
    ecr.dkr ecs ecs-agent ecs-telemetry eks eks-auth elastic-inference.runtime elasticache elasticache-fips
    elasticbeanstalk elasticbeanstalk-health elasticfilesystem elasticfilesystem-fips elasticloadbalancing
    elasticmapreduce email email-fips email-smtp emr-containers emr-serverless emr-serverless-services.livy
    emr-serverless.dashboard emr-service-cell01 emrwal.prod entityresolution events evidently evidently-dataplane
    execute-api experiments finspace finspace-api fis forecast forecast-fips forecastquery forecastquery-fips
    frauddetector freetier fsx fsx-fips geo.geofencing geo.maps geo.metadata geo.places geo.routes geo.tracking
    git-codecommit git-codecommit-fips glue glue.dashboard grafana grafana-workspace greengrass groundstation
    guardduty guardduty-data guardduty-data-fips guardduty-fips healthlake iam identitystore imagebuilder
    inspector-scan inspector2 internetmonitor internetmonitor-fips invoicing iot.credentials iot.data
    iot.fleethub.api iotfleetwise iotroborunner iotsitewise.api iotsitewise.data iottwinmaker.api iottwinmaker.data
    iotwireless.api kafka kafka-fips kafkaconnect kendra kendra-ranking kinesis-firehose kinesis-streams
    kinesis-streams-fips kms kms-fips lakeformation lambda launchwizard license-manager license-manager-fips
    license-manager-linux-subscriptions license-manager-linux-subscriptions-fips license-manager-user-subscriptions
    logs lookoutequipment lookoutmetrics lookoutvision lorawan.cups lorawan.lns m2 macie2 mail-manager
    mail-manager-fips managedblockchain-query managedblockchain.bitcoin.mainnet managedblockchain.bitcoin.testnet
    mediaconnect medical-imaging memory-db memorydb-fips mgn migrationhub-orchestrator migrationhub-strategy
    models-v2-lex monitoring mq neptune-graph neptune-graph-data neptune-graph-fips network-firewall
    network-firewall-fips networkflowmonitor networkflowmonitorreports networkmonitor nimble notebook
    observabilityadmin organizations organizations-fips outposts panorama partner-app
    payment-cryptography.controlplane payment-cryptography.dataplane pca-connector-ad pca-connector-scep pcs
    pcs-fips personalize personalize-events personalize-runtime pi pi-fips pinpoint pinpoint-sms-voice-v2 pipes
    pipes-data pipes-fips polly pricing.api private-networks profile proton q qapps qbusiness qldb.session
    quicksight-website ram rbin rds rds-data redshift redshift-data redshift-data-fips redshift-fips
    redshift-serverless redshift-serverless-fips refactor-spaces rekognition rekognition-fips repostspace
    resource-groups resource-groups-fips robomaker rolesanywhere rum rum-dataplane runtime-medical-imaging
    runtime-v2-lex s3 s3-global.accesspoint s3-outposts s3express s3tables s3vectors
    sagemaker-data-science-assistant sagemaker-geospatial sagemaker.api sagemaker.api-fips
    sagemaker.featurestore-runtime sagemaker.metrics sagemaker.runtime sagemaker.runtime-fips savingsplans scheduler
    schemas scn secretsmanager securityhub securitylake securitylake-fips serverlessrepo service.user-subscriptions
    servicecatalog servicecatalog-appregistry servicediscovery servicediscovery-fips shield shield-fips signer
    signin simspaceweaver sms sms-fips snow-device-management sns social-messaging sqs sqs-fips ssm ssm-contacts
    ssm-fips ssm-incidents ssm-quicksetup ssmmessages states storage-omics storagegateway streaming-rekognition
    streaming-rekognition-fips sts sts-fips studio swf swf-fips sync-states synthetics synthetics-fips tagging
    tags-omics tax textract textract-fips thinclient.api timestream-influxdb timestream-influxdb-fips tnb transcribe
    transcribestreaming transfer transfer.server translate trustedadvisor verifiedpermissions voiceid vpc-lattice
    wafv2 wafv2-fips wellarchitected wisdom workflows-omics workmail workspaces workspaces-web workspaces-web-fips
    xray
    """)

# What precedes .amazonaws.com in service principals. AWS has no list: these are from its pages on single services.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
PRINCIPALS = _names("""
    a4b access-analyzer account acm acm-pca airflow airflow-env amazonmq amplify apidestinations.events apigateway
    appconfig appflow application-autoscaling application-insights application-signals applicationinsights appmesh
    apprunner appstream appsync aps arc-zonal-shift athena auditmanager automation autoscaling autoscaling-plans
    aws-artifact-account-sync awsconnector backup backup-gateway batch bcm-data-exports bedrock bedrock-agentcore
    billingconductor billingconsole braket budgets build.apprunner cassandra ce channels.lex chatbot chime
    cleanrooms cloud9 cloudcontrolapi clouddirectory cloudformation cloudfront cloudhsm cloudhsmv2 cloudsearch
    cloudtrail cloudwatch cloudwatch-crossaccount codeartifact codebuild codecommit codeconnections codedeploy
    codeguru-profiler codeguru-reviewer codepipeline codestar codestar-connections codestar-notifications
    cognito-identity cognito-idp cognito-sync comprehend comprehendmedical compute-optimizer config config-conforms
    config-multiaccountsetup connect continuousexport.discovery controltower costalerts cur
    custom-resource.application-autoscaling databrew dataexchange datapipeline datasync datazone dax deadline
    delivery.logs detective devicefarm devops-guru diode directconnect directoryservice discovery dlm dms docdb
    docdb-elastic drs ds dynamodb dynamodb.application-autoscaling ebs ec2 ec2-instance-connect
    ec2.application-autoscaling ec2fleet ec2scheduled ecr ecs ecs-tasks ecs.application-autoscaling edgelambda eks
    eks-connector eks-fargate eks-fargate-pods eks-nodegroup elasticache elasticbeanstalk elasticfilesystem
    elasticloadbalancing elasticmapreduce elastictranscoder email.cognito-idp emr-containers emr-serverless
    entityresolution es events evidently evs export.rds finspace firehose fis fms forecast frauddetector freertos
    fsx gamelift glacier globalaccelerator glue grafana greengrass guardduty health healthlake honeycode iam
    imagebuilder importexport ingestion.timestream inspector inspector2 internetmonitor invoicing iot iotanalytics
    iotevents iotfleetwise iotsitewise iotthingsgraph iottwinmaker iotwireless ivs kafka kafkaconnect kendra kinesis
    kinesisanalytics kinesisvideo kms lakeformation lambda lex lexv2 license-manager lightsail
    logdelivery.elasticloadbalancing logger.cloudfront logging.s3 logs lookoutmetrics m2 machinelearning macie
    macie2 malware-protection-plan.guardduty managedblockchain managedservices mediaconnect mediaconvert medialive
    mediapackage mediapackage-vod mediapackagev2 mediastore mediatailor member.org.stacksets.cloudformation memorydb
    metering-marketplace mgn migrationhub mobileanalytics monitoring monitoring.rds mq neptune neptune-graph
    network-firewall networkmanager notifications omics opensearchservice ops.apigateway ops.emr-serverless opsworks
    opsworks-cm organizations osis osis-pipelines outposts personalize pinpoint pipes pods.eks polly
    preview-inference.sagemaker proton purchase-orders purchaseorders qbusiness qldb quicksight ram rbin rds
    rds-preview redshift redshift-serverless rekognition replication.dynamodb replicator.lambda resiliencehub
    resource-explorer resource-explorer-2 resource-groups robomaker rolesanywhere route53 route53-recovery-readiness
    route53domains route53resolver rum s3 s3-outposts sagemaker savingsplans scheduler scheduler.redshift schemas
    secretsmanager securityagent securityhub securitylake serverlessrepo servicecatalog servicecatalog-appregistry
    servicediscovery servicequotas ses shield signer signin sms sms-voice sns spot spotfleet sqs ssm ssm-contacts
    ssm-incidents sso stacksets.cloudformation states storage-lens.s3 storagegateway streams.metrics.cloudwatch sts
    support swf synthetics tagging tagpolicies.tag tasks.apprunner textract timestream timestream-influxdb tnb
    transcribe transfer transform transitgateway translate trustedadvisor ts verifiedpermissions vmie voiceid
    vpc-flow-logs vpc-lattice vpce waf waf-regional wafv2 wellarchitected wisdom workdocs worklink workmail
    workspaces workspaces-web xray
    """)
