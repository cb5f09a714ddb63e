#!/usr/bin/env bash
# Who wrote the commit: the source action's variables don't say it, only the repository does.
set -euo pipefail
: "${COMMIT_ID:?}"
cd "$CODEBUILD_SRC_DIR"
COMMIT_AUTHOR=$(git log -1 --format='%an <%ae>' --end-of-options "$COMMIT_ID" -- 2>/dev/null | tr -cd '[:print:]' | head -c 200) || true
COMMIT_AUTHOR=${COMMIT_AUTHOR:-unknown, the branch does not have the commit}
export COMMIT_AUTHOR
echo "$COMMIT_ID is by $COMMIT_AUTHOR"
