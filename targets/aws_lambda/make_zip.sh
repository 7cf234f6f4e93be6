#!/bin/sh
# Variant zip: the same service, dependencies and index as the image, in build/rag-chat.zip. Run from the workspace's root.
# Build where Python is 3.11, as the function's runtime is: the index is made from that Python's own documentation.
set -eu
out=build/rag-chat
rm -rf "$out" build/rag-chat.zip
mkdir -p "$out"
python3 -m pip install --quiet --require-hashes --only-binary=:all: --platform manylinux2014_x86_64 --python-version 3.11 \
  --implementation cp --target "$out" -r targets/aws_base/requirements.txt
cp -R targets/ragchat/ragchat "$out/ragchat"
find "$out" -name __pycache__ -prune -exec rm -rf {} +
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=targets/ragchat python3 -m ragchat.index --out "$out/index"
cp targets/aws_lambda/exec_wrapper.sh "$out/"
chmod 755 "$out/exec_wrapper.sh"
(cd "$out" && python3 -m zipfile -c ../rag-chat.zip ./*)
ls -l build/rag-chat.zip
