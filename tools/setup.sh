#!/bin/sh
# setup.sh [build|test]: installs the Debian packages that are missing (packages.txt; with `test` packages-test.txt too).
# Debian and Ubuntu, as root or through sudo. Elsewhere it prints what is needed and stops.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
lists="$root/packages.txt"
[ "${1:-build}" = test ] && lists="$lists $root/packages-test.txt"

# shellcheck disable=SC2086
wanted=$(sed -e 's/#.*//' $lists | tr -s ' \t\n' ' ')
missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $wanted; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: this system has no apt-get. Please install what these Debian packages hold, then run make again:" >&2
    echo "  $wanted" >&2
    # without dpkg nothing can be looked up: the build itself says what is missing
    command -v cmake >/dev/null 2>&1 && command -v ninja >/dev/null 2>&1 && exit 0
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        echo "setup: please install as root:$missing" >&2
        exit 1
    fi
fi
echo "setup: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$as_root apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
    $as_root apt-get update >&2
    $as_root apt-get install -y --no-install-recommends $missing >&2
}
