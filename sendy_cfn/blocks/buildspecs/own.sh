#!/usr/bin/env bash
step() { # step NAME COMMAND...: the first command that fails ends the build
  echo "--- $1"
  "${@:2}" || { record "$1" "exit status $?, see the build log" && exit 1; }
  record "$1"
}

own() { # the service's own commands: <SUITE>_COMMANDS, else the file .pipeline/<suite>; 1 when it has neither
  local commands=${SUITE^^}_COMMANDS hook=.pipeline/$SUITE
  if [[ ${!commands:-} ]]; then
    step "$commands" bash -euo pipefail -c "${!commands}"
  elif [[ -f $hook ]]; then
    chmod +x "$hook" # source archives may lose the mode
    step "$hook" "./$hook"
  else
    return 1
  fi
}
