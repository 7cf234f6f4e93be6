#!/bin/sh
# AWS_LAMBDA_EXEC_WRAPPER of the zip variant: the streaming runtime in place of the managed one, which cannot stream.
exec python3 -m ragchat.lambda_runtime "$_HANDLER"
