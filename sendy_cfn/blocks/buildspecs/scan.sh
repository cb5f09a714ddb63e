#!/usr/bin/env bash
: "${REPOSITORY_URI:?}" "${IMAGE_DIGEST:?}" "${IMAGE_PLATFORM:?}" "${FAIL_ON:?}"
digest=$IMAGE_DIGEST findings=$(mktemp) error=$(mktemp)

stop() { # stop PROBLEM
  record "scan of $IMAGE_DIGEST" "$1"
  exit 1
}

scanner() { # scanner COMMAND...
  "$@" --repository-name "${REPOSITORY_URI#*/}" --image-id "imageDigest=$digest" --output json >"$findings" 2>"$error"
}

choose() { # the scanner knows images, not the index that keeps an image and its attestations together
  digest=$(stored "imageDigest=$IMAGE_DIGEST" imageManifest | jq -r --arg platform "$IMAGE_PLATFORM" --arg whole "$digest" '
    def ours: "\(.platform.os)/\(.platform.architecture)" == $platform;
    if .manifests then first(.manifests[] | select(ours).digest) else $whole end') || digest=
  if [[ ! $digest ]]; then stop "there is no image for $IMAGE_PLATFORM"; fi
}

finish() { # waits until there are findings
  local limit=${SCAN_TIMEOUT_SECONDS:-600} started='' status
  SECONDS=0
  while :; do
    status="no scan"
    if scanner aws ecr describe-image-scan-findings; then
      status=$(jq -r .imageScanStatus.status "$findings")
    elif ! grep -q ScanNotFoundException "$error"; then
      stop "$(<"$error")"
    elif [[ ! $started ]]; then
      started=1 # refused where Inspector scans by itself, or when there was a scan today
      scanner aws ecr start-image-scan || grep -E 'ValidationException|LimitExceededException' "$error" || stop "$(<"$error")"
    fi
    case $status in
      COMPLETE | ACTIVE) return ;;
      "no scan" | PENDING | IN_PROGRESS) ;;
      *) stop "the scan is $status: $(jq -r .imageScanStatus.description "$findings")" ;;
    esac
    if ((SECONDS >= limit)); then stop "not within $limit s: $status"; fi
    sleep 10
  done
}

judge() { # a case for each severity down to FAIL_ON
  local severity count lines
  lines=$(mktemp)
  for severity in CRITICAL HIGH MEDIUM LOW; do
    jq -r --arg severity "$severity" '.imageScanFindings | .findings[]?, .enhancedFindings[]? |
      select(.severity == $severity) | .packageVulnerabilityDetails as $more | [
        .severity, .name // $more.vulnerabilityId // .title,
        (.attributes[]? | select(.key == "package_name").value), $more.vulnerablePackages[]?.name,
        .uri // $more.sourceUrl // ""
      ] | join("  ")' "$findings" >>"$lines"
    count=$(jq --arg severity "$severity" '.imageScanFindings | .findingSeverityCounts[$severity] //
      ([.findings[]?, .enhancedFindings[]? | select(.severity == $severity)] | length)' "$findings")
    record "no $severity findings" "$([[ $count == 0 ]] || echo "$count found")"
    if [[ $severity == "$FAIL_ON" ]]; then break; fi
  done
  head -n 50 "$lines"
}

case $FAIL_ON in
  NONE) record "the scan is off" ;;
  CRITICAL | HIGH | MEDIUM | LOW)
    choose
    finish
    judge
    ;;
  *) stop "FAIL_ON is $FAIL_ON, expected CRITICAL, HIGH, MEDIUM, LOW or NONE" ;;
esac
all_passed
