#!/usr/bin/env bash
# One way to run everything: makes .venv from the lock file, then does what was asked.
set -euo pipefail

usage() {
  cat <<'TEXT'
Provable logs with Apache Airflow.

  ./run.sh demo [--clean]    seal yesterday's logs through Airflow into a locked archive, verify it
  ./run.sh up [options]      Airflow with its UI and an S3 store, on this machine only
  ./run.sh test [options]    the tests (options go to pytest)
  ./run.sh check             lint, format and type checks
  ./run.sh help              this text

  ./run.sh airflow ...       Airflow's own command line, in the home of demo and up

Anything else goes to the command line of the package:

  ./run.sh --help            all its commands
  ./run.sh COMMAND --help    one of them

The first call installs the locked requirements into .venv and takes a few minutes.
Data are kept in .run, or in $AUDIT_TRAIL_HOME.
TEXT
}

say() { printf 'run.sh: %s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 1
}

# The folder of this script, also when called through a symlink.
project_root() {
  local script="${BASH_SOURCE[0]}" target
  while [[ -L $script ]]; do
    target="$(readlink "$script")"
    [[ $target == /* ]] || target="$(dirname "$script")/$target"
    script="$target"
  done
  (cd "$(dirname "$script")" && pwd -P)
}

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  local candidate
  for candidate in python3.11 python3.12 python3.13 python3; do
    if is_new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  fail "no Python 3.11 or newer found (looked for python3.11, python3.12, python3.13, python3); install one, for example: apt-get install python3.11 python3.11-venv"
}

make_venv() {
  local python
  python="$(find_python)"
  say "making .venv with $python"
  rm -rf "$venv"
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" "$venv" >&2
  elif ! "$python" -m venv "$venv" >&2; then
    rm -rf "$venv"
    fail "$python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"
  fi
}

pip_install() {
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$1" >&2
}

install_lock() {
  if command -v uv >/dev/null; then
    VIRTUAL_ENV="$venv" uv pip install --quiet --require-hashes -r "$1" >&2
  else
    # A .venv that uv made, or one whose making was interrupted, has no pip.
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >&2
    if [[ -f $root/requirements-pip.lock ]]; then
      pip_install "$root/requirements-pip.lock" || return
    fi
    pip_install "$1"
  fi
}

# The copy of a lock file in .venv says that all of it is installed.
is_installed() {
  [[ ! -e $venv/.installing ]] && cmp -s "$root/$1" "$venv/$1" && [[ -x $venv/bin/python ]]
}

# Runs alone, in a subshell that holds a lock on the project folder.
install_alone() {
  local lock_name="$1"
  if is_installed "$lock_name"; then
    return # somebody else did it while we waited
  fi
  if [[ -e $venv/.installing ]]; then
    say "the last installation was interrupted: starting over"
    make_venv
  elif ! is_new_enough "$venv/bin/python"; then
    make_venv
  fi
  say "installing $lock_name; the first time this takes a few minutes"
  : >"$venv/.installing"
  install_lock "$root/$lock_name" ||
    fail "the installation failed, the reason is above; correct it and call again"
  cp "$root/$lock_name" "$venv/$lock_name"
  # The development lock holds everything of the other one.
  if [[ $lock_name == requirements-dev.lock ]]; then
    cp "$root/requirements.lock" "$venv/requirements.lock"
  fi
  rm "$venv/.installing"
}

ensure_installed() {
  if is_installed "$1"; then
    return
  fi
  (
    if command -v flock >/dev/null; then
      flock 9 # where there is none (macOS), do not start two first calls at once
    fi
    install_alone "$1"
  ) 9<"$root"
}

# What the tests use beside Python: a command, or a file by pattern, and its Debian package.
test_tools=(
  openssl:openssl
  zstd:zstd
  jq:jq
  chromium:chromium
  softhsm2-util:softhsm2
  redis-server:redis-server
  ip:iproute2
  '/usr/lib/postgresql/*/bin/postgres:postgresql'
  '/usr/lib/systemd/systemd-journal-remote:systemd-journal-remote'
)

has_tool() {
  if [[ $1 == /* ]]; then
    compgen -G "$1" >/dev/null
  else
    command -v "$1" >/dev/null || [[ -x /usr/sbin/$1 ]]
  fi
}

# The tests of the auditor's path use the tools an auditor would use; others need a server to run.
ensure_test_tools() {
  local tool missing=()
  for tool in "${test_tools[@]}"; do
    has_tool "${tool%:*}" || missing+=("${tool##*:}")
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "installing the tools that the tests use: ${missing[*]}"
    if apt-get update -qq >&2 && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >&2; then
      return
    fi
  fi
  if [[ ${CI:-} == true ]]; then
    fail "missing tools: ${missing[*]}; with CI=true no test may be skipped, so install them first"
  fi
  say "missing tools: ${missing[*]}; the tests that use them are skipped. To run all: apt-get install ${missing[*]}, or brew install ${missing[*]}"
}

# OpenSSL checks ML-DSA from 3.5 on; where the system's is older, another is fetched for the tests.
ensure_test_openssl() {
  local found what="openssl 3.5 or later: put it on the path, or name it in AUDIT_TRAIL_TEST_OPENSSL"
  if [[ -n ${AUDIT_TRAIL_TEST_OPENSSL:-} || $(openssl list -signature-algorithms 2>/dev/null) == *ML-DSA-65* ]]; then
    return
  fi
  if found="$("$BASH" "$root/tests/reporting/fetch_openssl.sh")"; then
    export AUDIT_TRAIL_TEST_OPENSSL="$found"
  elif [[ ${CI:-} == true ]]; then
    fail "with CI=true no test may be skipped, and some need $what"
  else
    say "skipping the tests that need $what"
  fi
}

export_environment() {
  export AUDIT_TRAIL_HOME="${AUDIT_TRAIL_HOME-$root/.run}"
  export PYTHONPATH="$root/plugins${PYTHONPATH:+:$PYTHONPATH}"
  # Where `up` has it.
  export AIRFLOW_HOME="${AIRFLOW_HOME-${AUDIT_TRAIL_HOME:-$root/.run}/airflow}"
  export AIRFLOW__CORE__PLUGINS_FOLDER="$root/plugins"
  export AIRFLOW__CORE__DAGS_FOLDER="$root/dags"
  export AIRFLOW__CORE__LOAD_EXAMPLES=False
  export PATH="$venv/bin:$PATH"
}

# Whoever asks Airflow of `up` for something takes turns with its processes at its SQLite database.
take_turns_at_sqlite() {
  local database=AIRFLOW__DATABASE__SQL_ALCHEMY_CONN
  local named="${!database-}" command="${database}_CMD" secret="${database}_SECRET"
  if [[ -z $named${!command-}${!secret-} && $AIRFLOW_HOME == "$AUDIT_TRAIL_HOME/airflow" ]]; then
    export AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS=audit_trail.demo.sqlite_turns.CONNECT_ARGS
  fi
}

run_checks() {
  local status=0
  cd "$root"
  say "ruff check" && ruff check . || status=1
  say "ruff format --check" && ruff format --check . || status=1
  say "mypy" && mypy || status=1
  return "$status"
}

root="$(project_root)"
venv="$root/.venv"
command="${1:-help}"
case "$command" in
  help)
    usage
    ;;
  test)
    shift
    ensure_test_tools
    ensure_test_openssl
    ensure_installed requirements-dev.lock
    export_environment
    cd "$root"
    exec "$venv/bin/python" -m pytest "$@"
    ;;
  check)
    ensure_installed requirements-dev.lock
    export_environment
    run_checks
    ;;
  airflow)
    shift
    ensure_installed requirements.lock
    export_environment
    take_turns_at_sqlite
    exec "$venv/bin/python" -m airflow "$@"
    ;;
  *)
    ensure_installed requirements.lock
    export_environment
    exec "$venv/bin/python" -m audit_trail "$@"
    ;;
esac
