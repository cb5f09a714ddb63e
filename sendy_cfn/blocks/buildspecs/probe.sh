#!/usr/bin/env bash
: "${SERVICE_URL:?}" "${EXPECTED_VERSION:?}"
if ((${#EXPECTED_VERSION} < 7)); then # 'null' of a bucket without versioning would be found in any JSON
  echo "version '$EXPECTED_VERSION' is too short to tell releases apart" >&2
  exit 1
fi
health=${HEALTH_PATH:-/health} version=${VERSION_PATH-/version} # empty: no version is looked for
SECONDS=0 body=$(mktemp) error=$(mktemp)

look() { # prints what is wrong at this moment, nothing when all is well
  local path status
  for path in "$health" ${version:+"$version"}; do
    status=$(curl -sS -m 5 -o "$body" -w '%{http_code}' "${SERVICE_URL%/}$path" 2>"$error") || status+=" $(<"$error")"
    if [[ $status != 200 ]]; then
      echo "$path answered $status"
      return
    fi
  done
  [[ ! $version ]] || grep -qF -- "$EXPECTED_VERSION" "$body" || echo "$version reports not $EXPECTED_VERSION but $(head -c 200 "$body")"
}

five_good_answers() { # in a row: one alone may be a flapping service's, or come from the last new task
  local limit=${SMOKE_TIMEOUT_SECONDS:-120} start=$SECONDS good=0 last=- problem='' now
  while ((good < 5 && SECONDS - start < limit)); do
    now=$(look)
    if [[ $now != "$last" ]]; then echo "after $((SECONDS - start)) s: ${now:-good}"; fi
    if [[ $now ]]; then good=0 problem=$now; else good=$((good + 1)); fi
    last=$now
    sleep 0.5
  done
  if ((good == 5)); then problem=; else problem="not within $limit s: $problem"; fi
  record "$health is good${version:+ and $version reports $EXPECTED_VERSION}" "$problem"
}
