"""A pipeline, the builds that it starts and the service that it deploys, for the check of actions."""

# Every provider, every rule and every kind of condition, each without a mistake.
PIPELINE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Connection: {Type: String}
  Window: {Type: String}
Resources:
  Builds:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: builds.yaml
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      PipelineType: V2
      Variables:
        - Name: Reason
      Stages:
        - Name: Source
          Actions:
            - Name: Service
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeStarSourceConnection, Version: '1'}
              Configuration:
                ConnectionArn: !Ref Connection
                FullRepositoryId: courier/orders
                BranchName: main
                OutputArtifactFormat: CODE_ZIP
                DetectChanges: 'false'
              OutputArtifacts: [{Name: Service}]
              Namespace: ServiceSource
            - Name: Platform
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: '1'}
              Configuration:
                RepositoryName: platform
                BranchName: main
                PollForSourceChanges: 'false'
              OutputArtifacts: [{Name: Platform}]
            - Name: Data
              ActionTypeId: {Category: Source, Owner: AWS, Provider: S3, Version: '1'}
              Configuration:
                S3Bucket: !Sub "${AWS::AccountId}-data"
                S3ObjectKey: data.zip
              OutputArtifacts: [{Name: Data}]
            - Name: Base
              ActionTypeId: {Category: Source, Owner: AWS, Provider: ECR, Version: '1'}
              Configuration:
                RepositoryName: base
              OutputArtifacts: [{Name: Base}]
        - Name: Build
          Actions:
            - Name: Image
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: !GetAtt Builds.Outputs.ImageProject
                PrimarySource: Service
                EnvironmentVariables: '[{"name": "COMMIT_ID", "value": "#{ServiceSource.CommitId}"}]'
              InputArtifacts: [{Name: Service}, {Name: Data}]
              Namespace: Build
          BeforeEntry:
            Conditions:
              - Result: SKIP
                Rules:
                  - Name: OnMain
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: VariableCheck, Version: '1'}
                    Configuration:
                      Variable: '#{ServiceSource.BranchName}'
                      Operator: EQ
                      Value: main
                  - Name: Asked
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: LambdaInvoke, Version: '1'}
                    Configuration: {FunctionName: ask}
          OnFailure:
            Result: RETRY
            RetryConfiguration: {RetryMode: FAILED_ACTIONS}
        - Name: Approve
          Actions:
            - Name: Approve
              ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: '1'}
              Configuration:
                NotificationArn: !Sub "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:news"
                CustomData: '#{Build.IMAGE_URI} because of #{variables.Reason}, #{codepipeline.PipelineExecutionId}'
                ExternalEntityLink: https://github.com/courier/orders/commit/#{ServiceSource.CommitId}
              TimeoutInMinutes: 1440
        - Name: Deploy
          BeforeEntry:
            Conditions:
              - Result: FAIL
                Rules:
                  - Name: Window
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: DeploymentWindow, Version: '1'}
                    Configuration:
                      Cron: '* * 9-16 ? * MON-THU,FRI *'
                      TimeZone: Europe/Berlin
          Actions:
            - Name: Deploy
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: '1'}
              Configuration:
                ActionMode: CREATE_UPDATE
                StackName: courier-test-orders
                TemplatePath: Platform::templates/service.yaml
                TemplateConfiguration: Platform::templates/config/service.json
                ParameterOverrides: '{"Image": "#{Build.IMAGE_URI}"}'
                Capabilities: CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND
                RoleArn: arn:aws:iam::123456789012:role/deploy
              InputArtifacts: [{Name: Platform}]
              Namespace: DeployTest
            - Name: Revision
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: !Sub "${AWS::StackName}-revision"
                EnvironmentVariables: '[{"name": "URL", "value": "#{DeployTest.ServiceUrl}", "type": "PLAINTEXT"}]'
              InputArtifacts: [{Name: Service}]
              OutputArtifacts: [{Name: Revision}]
              RunOrder: 2
            - Name: Shift
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: CodeDeployToECS, Version: '1'}
              Configuration:
                ApplicationName: orders
                DeploymentGroupName: orders
                TaskDefinitionTemplateArtifact: Revision
                AppSpecTemplateArtifact: Revision
                AppSpecTemplatePath: appspec.yaml
                Image1ArtifactName: Base
                Image1ContainerName: IMAGE
              InputArtifacts: [{Name: Revision}, {Name: Base}]
              RunOrder: 3
            - Name: Verify
              ActionTypeId: {Category: Test, Owner: AWS, Provider: CodeBuild, Version: '1'}
              Configuration:
                ProjectName: verify
              InputArtifacts: [{Name: Service}]
              RunOrder: 4
              Namespace: Verify
            - Name: Roll
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: ECS, Version: '1'}
              Configuration: {ClusterName: orders, ServiceName: orders, DeploymentTimeout: '15'}
              InputArtifacts: [{Name: Service}]
              RunOrder: 5
            - Name: Upload
              ActionTypeId: {Category: Deploy, Owner: AWS, Provider: S3, Version: '1'}
              Configuration: {BucketName: orders, Extract: 'true'}
              InputArtifacts: [{Name: Service}]
              RunOrder: 5
            - Name: Tell
              ActionTypeId: {Category: Invoke, Owner: AWS, Provider: Lambda, Version: '1'}
              Configuration: {FunctionName: tell, UserParameters: done}
              RunOrder: 5
              Namespace: Told
          OnSuccess:
            Conditions:
              - Result: FAIL
                Rules:
                  - Name: Verdict
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: VariableCheck, Version: '1'}
                    Configuration: {Variable: '#{Verify.VERDICT}', Operator: EQ, Value: good}
                  - Name: Quiet
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: CloudWatchAlarm, Version: '1'}
                    Configuration:
                      AlarmName: orders-errors
                      WaitTime: '10'
                  - Name: Again
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: CodeBuild, Version: '1'}
                    Configuration: {ProjectName: verify}
                    InputArtifacts: [{Name: Revision}]
          OnFailure:
            Conditions:
              - Result: ROLLBACK
                Rules:
                  - Name: Reachable
                    RuleTypeId: {Category: Rule, Owner: AWS, Provider: Commands, Version: '1'}
                    Commands: [curl -f https://orders.example]
"""
BUILDS = """\
Resources:
  Image:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: image
      Source:
        BuildSpec: |
          env:
            exported-variables: [IMAGE_URI]
  Revision:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: !Sub "${AWS::StackName}-revision"
      Source: {BuildSpec: 'env: {}'}
  Verify:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: verify
      Source:
        BuildSpec: !Sub |
          env:
            exported-variables: [VERDICT, "${AWS::Region}"]
Outputs:
  ImageProject: {Value: !Ref Image}
"""
SERVICE = """\
Parameters:
  Image: {Type: String}
Outputs:
  ServiceUrl: {Value: https://orders.example}
"""
TEXTS = {"pipeline.yaml": PIPELINE, "builds.yaml": BUILDS, "service.yaml": SERVICE}
