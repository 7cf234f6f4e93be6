#!/bin/bash
# The targets' variables: from the parameter into memory, for nobody but this pilot's services. They are in no file on disk.
set -euo pipefail
. /pilot/settings
export AWS_DEFAULT_REGION
umask 077
aws ssm get-parameter --name "$VARIABLES" --with-decryption --query Parameter.Value --output text > /run/pilot/variables.env
