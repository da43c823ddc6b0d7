#!/bin/sh
# campaign.sh: what takes too long for every change: both compilers, every build type, fuzzing, mutations.
# AJ_FUZZ_SECONDS: time a fuzz target gets (default 720, an hour for five). Everything happens in build/campaign.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
work="$root/build/campaign"
mkdir -p "$work"

for compiler in gcc clang; do
    for type in Debug Release; do
        echo "== $compiler $type"
        cmake -S "$root" -B "$work/$compiler-$type" -G Ninja -DCMAKE_C_COMPILER=$compiler -DCMAKE_BUILD_TYPE=$type >/dev/null
        cmake --build "$work/$compiler-$type"
        ctest --test-dir "$work/$compiler-$type" --output-on-failure -LE tools
    done
done

echo "== fuzzing"
cmake -S "$root" -B "$work/fuzz" --preset fuzz >/dev/null
cmake --build "$work/fuzz"
for source in "$root"/tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    corpus="$work/corpus/$target"
    mkdir -p "$corpus"
    "$work/fuzz/tests/fuzz/$target" -max_total_time="${AJ_FUZZ_SECONDS:-720}" -rss_limit_mb=2048 "$corpus" \
        "$root/tests/fuzz/corpus/${target#fuzz_}"
done

echo "== mutations: each must turn its tests red"
"$root/tools/mutate.sh" "$work/mutations"
