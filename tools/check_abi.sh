#!/bin/sh
# check_abi.sh LIBRARY [--write]: the symbols that the shared library exports are those of abi.txt, no more, no fewer.
# --write replaces the list: do that only with a change that is meant.
set -eu
library=$1
list="$(dirname -- "$0")/abi.txt"
found=$(mktemp)
trap 'rm -f "$found"' EXIT
nm -D --defined-only "$library" | awk '$2 ~ /^[A-Zuvw]$/ { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u >"$found"
if [ "${2:-}" = --write ]; then
    cp "$found" "$list"
    exit 0
fi
if grep -vq '^aj_' "$found"; then
    grep -v '^aj_' "$found"
    echo "these names do not start with aj_: hide them"
    exit 1
fi
if ! diff "$list" "$found"; then
    echo "the exported symbols differ from tools/abi.txt (< listed, > exported)"
    exit 1
fi
echo "$(wc -l <"$found") symbols are exported, as listed"
