#!/usr/bin/env bash
# What a person would script for one day of logs: redact, compress, hash, sign,
# upload, fetch back, verify. The uploads and downloads of all files are one call
# each, because each call of `aws` costs half a second.
#
#   scripted.sh WORK KEY PUBLIC-KEY BUCKET-URL FILE...      (with the sed program in $SED_PROGRAM)
set -euo pipefail
work="$1" key="$2" public_key="$3" bucket="$4"
shift 4
mkdir -p "$work/up" "$work/down"

for file in "$@"; do
  name="$(basename "$file").zst"
  sed -E -f "$SED_PROGRAM" "$file" | zstd -3 -q -o "$work/up/$name"
  (cd "$work/up" && sha256sum "$name" >"$name.sha256")
  openssl dgst -sha256 -sign "$key" -sigopt rsa_padding_mode:pss -out "$work/up/$name.sig" "$work/up/$name.sha256"
done

aws s3 cp --quiet --recursive "$work/up" "$bucket"
aws s3 cp --quiet --recursive "$bucket" "$work/down"

cd "$work/down"
for file in "$@"; do
  name="$(basename "$file").zst"
  openssl dgst -sha256 -verify "$public_key" -sigopt rsa_padding_mode:pss -signature "$name.sig" "$name.sha256"
  sha256sum --check --quiet "$name.sha256"
done
