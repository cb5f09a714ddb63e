#!/usr/bin/env bash
# What runs on the two clusters now, and what a release has to make of it.
set -euo pipefail
: "${STACK_NAME:?}" "${STACK_REGION:?}" "${READER_ROLE_ARN:?}" "${NEW_IMAGE:?}" "${NEW_VERSION:?}" "${BLUE_URL:?}" "${GREEN_URL:?}"
declare -A image version url=([blue]=$BLUE_URL [green]=$GREEN_URL) other=([blue]=green [green]=blue)
stack='{}' error=$(mktemp)

# include reader.sh

parameter() { jq -r --arg name "$1" '.Parameters[]? | select(.ParameterKey == $name).ParameterValue' <<<"$stack"; }
output() { jq -r --arg name "$1" '.Outputs[]? | select(.OutputKey == $name).OutputValue' <<<"$stack"; }
refuse() {
  echo "$STACK_NAME is $status: $1, then retry this stage" >&2
  exit 1
}
count_tasks() { # as many as the live side wants now, which is what autoscaling made of it
  local cluster service count=''
  cluster=$(output "${live^}ClusterName")
  service=$(output "${live^}ServiceName")
  if [[ $cluster && $service ]]; then
    count=$(as_reader aws ecs describe-services --region "$STACK_REGION" --cluster "$cluster" --services "$service" \
      --query 'services[0].desiredCount' --output text)
  fi
  [[ $count =~ ^[0-9]+$ ]] || count=$(parameter MinTasks)
  IDLE_TASKS=$((${count:-1} > 1 ? count : 1))
}

if ! stack=$(as_reader aws cloudformation describe-stacks --region "$STACK_REGION" --stack-name "$STACK_NAME" \
  --query 'Stacks[0]' --output json 2>"$error"); then
  stack='{}'
  if ! grep -q 'DescribeStacks operation: .* does not exist' "$error"; then
    cat "$error" >&2
    exit 1
  fi
fi
status=$(jq -r '.StackStatus // ""' <<<"$stack")
case $status in
  REVIEW_IN_PROGRESS) stack='{}' ;; # a change set of a stack that was never made
  *_IN_PROGRESS) refuse "wait until that is over" ;;
  ROLLBACK_COMPLETE) refuse "it was never created, delete it" ;;
  UPDATE_ROLLBACK_FAILED) refuse "continue its rollback" ;;
  *_FAILED | DELETE_*) refuse "repair or delete it" ;;
esac

live=$(parameter LiveCluster)
live=${live:-blue}
idle=${other[$live]:?"LiveCluster is $live, expected blue or green"}
for side in blue green; do
  image[$side]=$(parameter "${side^}Image")
  version[$side]=$(parameter "${side^}Version")
done
if [[ ! ${image[blue]} ]]; then # a stack of another strategy has one side
  image[blue]=$(parameter Image)
  version[blue]=$(parameter Version)
fi
running=${image[$live]} before=${version[$live]} LIVE_BEFORE=$live LIVE_AFTER=$live IDLE_TASKS=1

if [[ ! $running ]]; then
  LIVE_BEFORE=blue LIVE_AFTER=blue
  image=([blue]=$NEW_IMAGE [green]=$NEW_IMAGE) version=([blue]=$NEW_VERSION [green]=$NEW_VERSION)
  echo "$STACK_NAME: nothing is live; first release, blue and green get $NEW_VERSION and blue goes live"
elif [[ $running == "$NEW_IMAGE" ]]; then
  IDLE_TASKS=$(parameter StandbyTasks)
  IDLE_TASKS=${IDLE_TASKS:-1}
  # A side that never had an image gets one, as its service needs a task definition.
  image[$idle]=${image[$idle]:-$running} version[$idle]=${version[$idle]:-$before}
  echo "$STACK_NAME: $live is live with $before, $idle is idle with ${version[$idle]}; live is what is to be released, nothing moves"
else
  count_tasks
  LIVE_AFTER=$idle
  echo "$STACK_NAME: $live is live with $before, $idle is idle with ${version[$idle]:-nothing};" \
    "$idle gets $NEW_VERSION and $IDLE_TASKS tasks, then goes live"
  image[$idle]=$NEW_IMAGE version[$idle]=$NEW_VERSION
fi
BLUE_IMAGE=${image[blue]} BLUE_VERSION=${version[blue]} GREEN_IMAGE=${image[green]} GREEN_VERSION=${version[green]}
CANDIDATE_URL=${url[$LIVE_AFTER]}
export BLUE_IMAGE BLUE_VERSION GREEN_IMAGE GREEN_VERSION LIVE_BEFORE LIVE_AFTER IDLE_TASKS CANDIDATE_URL
