#!/usr/bin/env bash
# Checks in the service's folder; each becomes a case of reports/$SUITE.xml.
set -euo pipefail
REPORTS=$CODEBUILD_SRC_DIR/reports cases='' failed=0
mkdir -p "$REPORTS"
cd "$CODEBUILD_SRC_DIR/${BUILD_CONTEXT:-.}"

record() { # record NAME [PROBLEM]: a case, passed when there is no problem
  local name=${1//[^[:alnum:] .:,%()\/_-]/ } problem=${2:-}
  problem=${problem//[^[:alnum:] .:,%()\/_-]/ }
  echo "${problem:+FAILED }$name${problem:+: $2}"
  cases+="<testcase classname=\"$SUITE\" name=\"$name\">${problem:+<failure message=\"$problem\"/>}</testcase>"
  echo "<testsuite name=\"$SUITE\">$cases</testsuite>" >"$REPORTS/$SUITE.xml"
  if [[ $problem ]]; then failed=1; fi
}

all_passed() { ((failed == 0)); }
