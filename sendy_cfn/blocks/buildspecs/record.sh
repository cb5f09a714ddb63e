#!/usr/bin/env bash
# One line of JSON about a release of the last environment that has ended; metric filters and saved queries read it.
set -euo pipefail
: "${PLATFORM:?}" "${ENVIRONMENT:?}" "${EVENT_LOG:?}" "${PIPELINE:?}" "${STAGE:?}" "${STATE:?}" "${EXECUTION:?}" "${AT:?}"
now=$(date -u -d "$AT" +%s) service=${PIPELINE#"$PLATFORM-"}
execution=$(mktemp) actions=$(mktemp) past=$(mktemp) # too long for arguments

aws codepipeline get-pipeline-execution --pipeline-name "$PIPELINE" --pipeline-execution-id "$EXECUTION" \
  --output json >"$execution"
aws codepipeline list-action-executions --pipeline-name "$PIPELINE" --filter "pipelineExecutionId=$EXECUTION" \
  --output json >"$actions"
stage="\$.detail.pipeline = \"$PIPELINE\" && \$.detail.stage = \"$STAGE\""
release="\$.measure = \"release\" && \$.service = \"$service\""
aws logs filter-log-events --log-group-name "$EVENT_LOG" --filter-pattern "{ ($stage) || ($release) }" \
  --start-time "$(((now - ${LOOK_BACK_DAYS:-90} * 86400) * 1000))" --query 'events[].message' --output json >"$past"

jq -cn --arg service "$service" --arg environment "$ENVIRONMENT" --arg at "$AT" --argjson now "$now" \
  --arg state "$STATE" --arg id "$EXECUTION" \
  --slurpfile execution "$execution" --slurpfile actions "$actions" --slurpfile past "$past" '
  def seconds: try (sub("\\.[0-9]+"; "") | sub("[+]00:00$"; "Z") | fromdateiso8601) catch null;
  $execution[0].pipelineExecution as $execution | $actions[0].actionExecutionDetails as $actions
  | ($past[0] | map(fromjson? | select(type == "object"))) as $past

  # Releases of this stage that ended before; those that failed since the last good one are one incident.
  | ($past | map(select(."detail-type" == "CodePipeline Stage Execution State Change")
      | {at: (.time | seconds), state: .detail.state} | select(.at < $now and (.state == "FAILED" or .state == "SUCCEEDED")))
    | sort_by(.at)) as $ends
  | $ends[($ends | map(.state) | rindex("SUCCEEDED") // -1) + 1:][0].at as $broken

  # What is new: the commit of the service, or the templates when only those differ from the last release.
  | ($past | map(select(.measure == "release" and .outcome == "released")) | sort_by(.at) | last) as $last
  | ($actions | map(select(.input.actionTypeId.category == "Source")
      | {key: .actionName, value: (.output.outputVariables // {} | {commit: (.CommitId // .VersionId), date: .AuthorDate})})
    | from_entries) as $sources
  | $sources.Service as $code | $sources.Platform as $templates
  | (if $code.commit != $last.commit then $code elif $templates.commit != $last.templates then $templates else null end
    | .date // "" | seconds) as $written

  | {"STANDARD SUCCEEDED": "released", "STANDARD FAILED": "failed",
      "ROLLBACK SUCCEEDED": "rolled-back", "ROLLBACK FAILED": "rollback-failed"} as $outcomes
  | {
      measure: "release", $service, $environment, $at, execution: $id,
      outcome: $outcomes["\($execution.executionType // "STANDARD") \($state)"],
      commit: $code.commit, templates: $templates.commit, trigger: $execution.trigger.triggerType,
      approved_by: ($actions | map(select(.input.actionTypeId.category == "Approval")) | last | .updatedBy)
    }
  | if .outcome == "released" and $written then .lead_seconds = ([$now - $written, 0] | max) else . end
  | if $state == "SUCCEEDED" and $broken then .restore_seconds = $now - $broken else . end
  | map_values(select(. != null))'
