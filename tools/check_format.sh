#!/bin/sh
# check_format.sh [--fix]: every C file looks as .clang-format says; --fix makes it so.
set -eu
cd "$(dirname -- "$0")/.."
if ! command -v clang-format >/dev/null; then
    echo "SKIP: clang-format is not installed"
    exit 77
fi
for folder in src include tests bench; do
    [ ! -d "$folder" ] || find "$folder" -name '*.[ch]'
done | sort | if [ "${1:-}" = --fix ]; then
    xargs clang-format -i
else
    xargs clang-format --dry-run -Werror
fi
