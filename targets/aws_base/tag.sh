#!/bin/sh
# The tag of an image: a digest of all that it is built from, so that a push never meets its own tag with other content, and the
# same content is never built twice. Run from the workspace's root; an argument is the build's --target, which is part of it.
set -eu
digest=sha256sum
command -v $digest >/dev/null || digest="shasum -a 256" # older macOS
{
  echo "${1:-service}"
  find targets/ragchat/ragchat targets/aws_base/Dockerfile targets/aws_base/requirements*.txt -type f ! -path '*/__pycache__/*' |
    LC_ALL=C sort | xargs $digest
} | $digest | cut -c1-16
