#!/bin/sh
# mutate.sh FOLDER: applies every row of mutations.txt to a copy of the tree, builds, and wants the named tests to fail.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
copy=$1
# tests find the data pack beside the tree they were built from, so the copy is told where it is
: "${AJ_TEST_DATA:=$root/../shared/data}"
export AJ_TEST_DATA
rm -rf "$copy"
mkdir -p "$copy"
(cd "$root" && git ls-files -z | xargs -0 tar cf -) | tar xf - -C "$copy"
cmake -S "$copy" -B "$copy/build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$copy/build" >/dev/null
survivors=0
total=0
while IFS= read -r row; do
    case "$row" in '#'* | '') continue ;; esac
    file=${row%% | *}
    rest=${row#* | }
    expression=${rest% | *}
    tests=${rest##* | }
    total=$((total + 1))
    cp "$copy/$file" "$copy/original"
    sed -i "$expression" "$copy/$file"
    if cmp -s "$copy/$file" "$copy/original"; then
        echo "row does not change $file: $expression"
        survivors=$((survivors + 1))
    elif ! cmake --build "$copy/build" >"$copy/log" 2>&1; then
        echo "does not compile: $file: $expression"
        survivors=$((survivors + 1))
    elif ctest --test-dir "$copy/build" --no-tests=error -R "$tests" >>"$copy/log" 2>&1; then
        echo "SURVIVED: $file: $expression"
        survivors=$((survivors + 1))
    else
        echo "red: $file: $expression"
    fi
    cp "$copy/original" "$copy/$file"
done <"$root/tools/mutations.txt"
echo "$total mutations, $survivors survived"
[ "$survivors" -eq 0 ]
