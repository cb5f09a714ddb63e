#!/usr/bin/env bash
# Ends well whatever the verdict: the next action acts on it. Runs nothing of the service's, because it has a role.
: "${TTL_SECONDS:?}" "${BAKE_MINUTES:?}" "${STACK_REGION:?}" "${READER_ROLE_ARN:?}"
: "${LIVE_BEFORE:?}" "${LIVE_AFTER:?}" "${STANDBY_TASKS:?}" "${IDLE_TASKS:?}"
end=${BAKE_SECONDS:-$((BAKE_MINUTES * 60))} # after the start
IFS=, read -ra alarms <<<"${ALARMS:-}"

ringing() { # prints those in alarm; 1 when not all of them can be seen
  local found
  ((${#alarms[@]})) || return 0
  found=$(as_reader aws cloudwatch describe-alarms --region "$STACK_REGION" --alarm-names "${alarms[@]}" \
    --query 'MetricAlarms[].{AlarmName: AlarmName, StateValue: StateValue}' --output json) || return
  jq -r 'map(select(.StateValue == "ALARM").AlarmName) | join(", ")' <<<"$found" || return
  jq -e 'map(.AlarmName) as $seen | $ARGS.positional - $seen == []' --args "${alarms[@]}" <<<"$found" >/dev/null
}

bake() { # the first bad sign ends it; a lone failure may be the network's, so what is wrong has to stay so
  local now alarm wrong=0 blind=0 service='' watch=''
  until [[ $service || $watch ]]; do
    now=$(look)
    if [[ ! $now ]]; then wrong=0; elif ((++wrong == 2)); then service="twice in a row: $now"; else echo "once: $now"; fi
    if alarm=$(ringing); then blind=0; elif ((++blind == 3)); then watch="not to be seen three times in a row"; fi
    if [[ $alarm ]]; then watch="in alarm: $alarm"; fi
    if ((SECONDS >= end && wrong == 0 && blind == 0)); then break; fi
    sleep "${POLL_SECONDS:-15}"
  done
  record "answers stay good until $end s after the switch" "$service"
  record "alarms ${ALARMS:-none}" "$watch"
}

echo "waiting until names that were looked up before are forgotten"
sleep $((TTL_SECONDS + ${GRACE_SECONDS:-30}))
five_good_answers
if all_passed; then bake; fi
if all_passed; then
  VERDICT=good LIVE_CLUSTER=$LIVE_AFTER IDLE_TASKS=$STANDBY_TASKS
else # the side that is left keeps its tasks: some clients still have its address
  VERDICT=bad LIVE_CLUSTER=$LIVE_BEFORE
fi
export VERDICT LIVE_CLUSTER IDLE_TASKS
echo "verdict: $VERDICT, $LIVE_CLUSTER is to be live"
