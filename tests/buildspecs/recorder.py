"""Stands for docker, aws and build tools: notes each call and answers by the rules in $RECORDER/rules.json.

A rule {"match": text, "replies": [{"status": 0, "out": "", "err": "", "digest": ""}, …]} holds for calls whose command
line contains the text: the first call gets the first reply, and the last reply stays. Without a rule a call succeeds.
A rule may say which environment variables its calls "need": {name: value}; with others they are refused.
"""

import json
import os
import sys
from pathlib import Path

folder = Path(os.environ["RECORDER"])
call = [Path(sys.argv[0]).name, *sys.argv[1:]]
line = " ".join(call)
calls = folder / "calls.jsonl"
before = [" ".join(json.loads(entry)) for entry in calls.read_text().splitlines()] if calls.exists() else []
with calls.open("a") as file:
    file.write(json.dumps(call) + "\n")
if "--password-stdin" in call and not sys.stdin.read():
    sys.exit("no password")
reply = {}
for rule in json.loads((folder / "rules.json").read_text()):
    if rule["match"] in line:
        if any(os.environ.get(name) != value for name, value in rule.get("need", {}).items()):
            sys.exit("An error occurred (AccessDenied): not with these credentials")
        number = sum(rule["match"] in entry for entry in before)
        reply = rule["replies"][min(number, len(rule["replies"]) - 1)]
        break
if "digest" in reply:
    # Both digests that BuildKit writes: only the first one is the manifest's.
    metadata = {"containerimage.digest": reply["digest"], "containerimage.config.digest": "sha256:" + "c" * 64}
    Path(call[call.index("--metadata-file") + 1]).write_text(json.dumps(metadata))
sys.stdout.write(reply.get("out", ""))
sys.stderr.write(reply.get("err", ""))
sys.exit(reply.get("status", 0))
