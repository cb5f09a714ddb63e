#!/usr/bin/env bash
as_reader() ( # as_reader COMMAND...: with the role that may look at the service; anew each time, as its sessions end after an hour
  session=$(aws sts assume-role --role-arn "$READER_ROLE_ARN" --role-session-name "build-$CODEBUILD_BUILD_NUMBER" \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text) || exit
  read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<"$session"
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
  "$@"
)
