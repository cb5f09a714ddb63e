#!/usr/bin/env bash
analyse() { # analyse COMMAND...: shows the findings, and reports each of them
  "$@" --output-format junit --output-file "$REPORTS/quality-ruff.xml" . || "$@" .
}

python_checks() {
  local rules=(--select E9 --select F) # what is certainly wrong, unless the service says what it wants
  step "python compiles" python3 -m compileall -q -x 'node_modules|/[.]' .
  python3 -m ruff --version 2>/dev/null || step "pip install ruff" python3 -m pip install -q ruff==0.17.6
  if [[ -f ruff.toml || -f .ruff.toml ]] || grep -qs '^\[tool\.ruff' pyproject.toml; then rules=(); fi
  step ruff analyse python3 -m ruff check "${rules[@]}"
  for file in requirements.txt requirements-dev.txt; do
    if [[ -f $file ]]; then step "pip install $file" python3 -m pip install -q -r "$file"; fi
  done
  if [[ $(find . -name node_modules -prune -o \( -name 'test_*.py' -o -name '*_test.py' \) -print -quit) ]]; then
    python3 -c 'import pytest' 2>/dev/null || step "pip install pytest" python3 -m pip install -q pytest==9.2.0
    step pytest python3 -m pytest -q --junitxml="$REPORTS/quality-pytest.xml"
  fi
}

node_checks() {
  if [[ -f package-lock.json ]]; then step "npm ci" npm ci; else step "npm install" npm install; fi
  step "npm run lint" npm run lint --if-present
  step "npm run test" npm run test --if-present
}

java_checks() { # java_checks WRAPPER TOOL ARGUMENT...
  local tool=$2
  if [[ -f $1 ]]; then chmod +x "$1" && tool=./$1; fi
  step "$tool" "$tool" "${@:3}"
}

default_checks() {
  if [[ $(find . -maxdepth 2 -name '*.py' -print -quit) ]]; then python_checks; fi
  if [[ -f package.json ]]; then node_checks; fi
  if [[ -f go.mod ]]; then
    step "go vet" go vet ./...
    step "go test" go test ./...
  fi
  if [[ -f pom.xml ]]; then java_checks mvnw mvn --batch-mode verify; fi
  if [[ -f build.gradle || -f build.gradle.kts ]]; then java_checks gradlew gradle check; fi
}

export CI=true PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
# No container engine here: BuildKit looks at the rest of the file when the image is built.
step "Dockerfile has a base image" grep -Eiq '^[[:space:]]*FROM[[:space:]]' "$CODEBUILD_SRC_DIR/${DOCKERFILE:-Dockerfile}"
own || default_checks
