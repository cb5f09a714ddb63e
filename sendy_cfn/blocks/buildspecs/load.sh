#!/usr/bin/env bash
: "${SERVICE_URL:?}"
slowest=${MAX_P95_MILLISECONDS:-500} most=${MAX_ERROR_PERCENT:-1} summary=$REPORTS/load.json

default_checks() {
  local problem
  python3 - >"$summary" <<'PY'
# include clients.py
PY
  cat "$summary"
  problem=$(jq -r --argjson most "$slowest" '.p95_milliseconds | select(. > $most) | "\(.) ms"' "$summary")
  record "95 % of the answers within $slowest ms" "$problem"
  problem=$(jq -r --argjson most "$most" '.error_percent | select(. > $most) | "\(.) %"' "$summary")
  record "at most $most % errors" "$problem"
}

own || default_checks
all_passed
