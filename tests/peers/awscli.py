"""The four commands of ``aws`` that the generator's machine uses, over boto3, where the real program is not installed."""

import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError


def option(words, name):
    return words[words.index(name) + 1]


def place(url):
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


def copied(source, to):
    s3 = boto3.client("s3")
    if source.startswith("s3://"):
        s3.download_file(*place(source), to)
    else:
        s3.upload_file(source, *place(to))


def synced(folder, to):
    """Whatever differs in size or was changed since."""
    bucket, prefix = place(to)
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    there = {row["Key"]: row for page in pages for row in page.get("Contents", ())}
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        key, stat = f"{prefix}/{path.relative_to(folder)}", path.stat()
        row = there.get(key)
        if row is None or row["Size"] != stat.st_size or row["LastModified"].timestamp() < stat.st_mtime:
            s3.upload_file(str(path), bucket, key)


def main(words):
    match words:
        case ["s3", "cp", source, to, *_]:
            copied(source, to)
        case ["s3", "sync", folder, to, *_]:
            synced(folder, to)
        case ["s3api", "head-object", *rest]:
            boto3.client("s3").head_object(Bucket=option(rest, "--bucket"), Key=option(rest, "--key"))
        case ["ssm", "get-parameter", *rest]:
            assert "--with-decryption" in rest
            said = boto3.client("ssm").get_parameter(Name=option(rest, "--name"), WithDecryption=True)
            print(said["Parameter"]["Value"])
        case _:
            raise SystemExit(f"not one of the commands that a machine uses: {words}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ClientError as error:
        raise SystemExit(str(error)) from None
