#!/bin/sh
# check_headers.sh [CC]: every public header compiles alone, as C17 and (where there is a compiler) as C++17.
set -eu
cd "$(dirname -- "$0")/.."
cc=${1:-cc}
flags='-Iinclude -fsyntax-only -Wall -Wextra -Wpedantic -Werror'
n=0
for header in include/attojoule/*.h; do
    name=${header#include/}
    # shellcheck disable=SC2086
    printf '#include "%s"\n' "$name" | $cc -std=c17 $flags -x c -
    # shellcheck disable=SC2086
    if command -v c++ >/dev/null; then printf '#include "%s"\n' "$name" | c++ -std=c++17 $flags -x c++ -; fi
    n=$((n + 1))
done
echo "$n headers compile alone"
