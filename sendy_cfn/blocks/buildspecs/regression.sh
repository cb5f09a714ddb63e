#!/usr/bin/env bash
: "${SERVICE_URL:?}"
health=${SERVICE_URL%/}${HEALTH_PATH:-/health} unknown=${SERVICE_URL%/}/unknown-$RANDOM
limit=${MAX_RESPONSE_MILLISECONDS:-2000}

no_server_error() { # no_server_error NAME CURL-ARGUMENT...
  local status
  status=$(curl -sS -m 5 -o /dev/null -w '%{http_code}' "${@:2}") || status+=' (no answer)'
  # 501 is how some servers say that they do not know the method.
  if [[ $status =~ ^([234]..|501)$ ]]; then record "$1"; else record "$1" "answered $status"; fi
}

in_a_row() { # in_a_row COUNT: over one connection if the service lets us; fragments are not sent
  local problem
  problem=$(curl -sS -m 5 -o /dev/null -w '%{http_code} %{time_total}\n' "$health#[1-$1]" |
    awk -v limit="$limit" '$1 != 200 || $2 * 1000 > limit { print "request " NR ": " $1 " after " $2 " s"; exit }') || true
  record "$1 of $1 requests answer 200 within $limit ms" "$problem"
}

default_checks() {
  in_a_row 1
  no_server_error "HEAD" --head "$health"
  no_server_error "unknown path" "$unknown"
  no_server_error "meaningless body" --data '{' "$unknown"
  in_a_row 20
}

own || default_checks
all_passed
