#!/usr/bin/env bash
# The two files from which CodeDeploy makes a release of the task definition that the stack has registered.
set -euo pipefail
: "${TASK_DEFINITION_ARN:?}" "${STACK_REGION:?}" "${READER_ROLE_ARN:?}" "${CONTAINER_NAME:?}" "${CONTAINER_PORT:?}"
folder=$CODEBUILD_SRC_DIR/revision
rm -rf "$folder" # whatever the service's repository has there
mkdir -p "$folder"

# include reader.sh

described=$(as_reader aws ecs describe-task-definition --region "$STACK_REGION" \
  --task-definition "$TASK_DEFINITION_ARN" --query taskDefinition --output json)
image=$(jq -r --arg name "$CONTAINER_NAME" '.containerDefinitions[] | select(.name == $name).image' <<<"$described")
if [[ ! $image =~ @sha256:[0-9a-f]{64}$ ]]; then
  echo "$TASK_DEFINITION_ARN: container $CONTAINER_NAME has image '$image', expected one by digest (@sha256:)" >&2
  exit 1
fi

# What can be registered of what is described. An empty text stays: it may be the value of a variable.
jq '{family, taskRoleArn, executionRoleArn, networkMode, containerDefinitions, volumes, placementConstraints,
    requiresCompatibilities, cpu, memory, pidMode, ipcMode, proxyConfiguration, inferenceAccelerators,
    ephemeralStorage, runtimePlatform, enableFaultInjection} |
  walk(if type == "object" then with_entries(select(.value | . != null and . != [] and . != {})) else . end)' \
  <<<"$described" >"$folder/taskdef.json"
cat >"$folder/appspec.yaml" <<YAML
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "<TASK_DEFINITION>"
        LoadBalancerInfo:
          ContainerName: "$CONTAINER_NAME"
          ContainerPort: $CONTAINER_PORT
YAML
echo "$CONTAINER_NAME gets $image"
