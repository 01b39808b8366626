#!/usr/bin/env bash
# Unpacks Debian 13's openssl, the first of Debian's that knows ML-DSA, and prints its path.
#
# It stands in the user's cache, with the libraries that it needs: nothing is installed, root
# is not needed, and apt's settings and lists stay as they are. The mirror is the one that apt
# is set up with, and apt checks Debian's signature, and so every byte that is unpacked.
set -euo pipefail
release=trixie
packages=(openssl libssl3t64 libzstd1 zlib1g libc6)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  printf 'fetch_openssl.sh: %s\n' "$*" >&2
  exit 1
}
knows_ml_dsa() { [[ $("$1" list -signature-algorithms 2>/dev/null) == *ML-DSA-65* ]]; }

for tool in apt-get dpkg; do
  command -v "$tool" >/dev/null || fail "this is no Debian: no $tool"
done
architecture=$(dpkg --print-architecture)
cache="${XDG_CACHE_HOME:-${HOME:?}/.cache}/audit-trail-tests"
target="$cache/openssl-$release-$architecture"
if knows_ml_dsa "$target/openssl"; then
  echo "$target/openssl"
  exit
fi

codename=$(. /etc/os-release && [[ $ID == debian ]] && echo "${VERSION_CODENAME:-}") || fail 'this is no Debian'
# Without what Release files say, for there may be none yet.
mirrors=$(apt-get -o APT::Get::IndexTargets::ReleaseInfo=false indextargets --format '$(REPO_URI)' \
  'Created-By: Packages' 'Component: main' "Release: $codename")
mirror=${mirrors%%$'\n'*}
[[ $mirror ]] || fail "apt has no mirror of $codename"

mkdir -p "$cache"
work=$(mktemp -d "$cache/fetching.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
mkdir -p "$work/"{sources,lists/partial,cache/archives/partial,debs,openssl}
cat >"$work/sources/$release.sources" <<TEXT
Types: deb
URIs: $mirror
Suites: $release
Components: main
Architectures: $architecture
Signed-By: $keyring
TEXT
cat >"$work/apt.conf" <<TEXT
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$work/sources";
Dir::Etc::Preferences "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
APT::Sandbox::User "";
TEXT
isolated() { timeout 300 apt-get -qq -c "$work/apt.conf" "$@" >&2; }
cd "$work/debs"
isolated update || fail "$mirror does not answer for $release"
isolated download "${packages[@]/%//$release}" || fail "$mirror has not all of: ${packages[*]}"
for deb in *.deb; do dpkg -x "$deb" "$work/openssl"; done

# Its own loader and libraries: the system's C library is older than the one it was made with.
cat >"$work/openssl/openssl" <<'TEXT'
#!/bin/sh
here=${0%/*}
set -- "$here/usr/bin/openssl" "$@"
for library in "$here"/usr/lib/*-linux-gnu*; do
  exec "$library"/ld-linux*.so.* --library-path "$library" "$@"
done
TEXT
chmod 755 "$work/openssl" "$work/openssl/openssl"
knows_ml_dsa "$work/openssl/openssl" || fail "the openssl of $release does not run here, or knows no ML-DSA"
# Whoever else was fetching it has the same.
mv -T "$work/openssl" "$target" 2>/dev/null || knows_ml_dsa "$target/openssl" || fail "$target is in the way: delete it"
echo "$target/openssl"
