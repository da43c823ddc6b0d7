#!/bin/sh
# meter.sh PROGRAM: the example on a simulated machine whose counter goes up while it runs.
set -eu
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
zone=$folder/sys/class/powercap/intel-rapl:0
mkdir -p "$zone"
echo package-0 >"$zone/name"
echo 262143328850 >"$zone/max_energy_range_uj"
echo 1000000 >"$zone/energy_uj"
[ -e /proc/self/task/self/children ] || [ -e "/proc/$$/task/$$/children" ] || {
    echo "SKIP: this kernel does not list the children of a process"
    exit 77
}
# Nothing but one write a step: a reader never sees half a number.
(
    i=1
    while [ $i -lt 2000 ]; do
        printf '%d\n' $((1000000 + i * 10000)) 1<>"$zone/energy_uj"
        i=$((i + 1))
        sleep 0.01
    done
) &
writer=$!
status=0
"$program" "$folder/sys" >"$folder/out" 2>"$folder/err" || status=$?
kill $writer 2>/dev/null || true
cat "$folder/out" "$folder/err"
[ "$status" -eq 0 ]
[ ! -s "$folder/err" ]
grep -Eq '^training +1 x .* measured' "$folder/out"
grep -Eq '^epoch +3 x .* measured' "$folder/out"
grep -Eq '^3 epochs took .*10 would take [0-9.]+ J \[[0-9.]+, [0-9.]+\]' "$folder/out"
# Without sensors: the model, and the word for it.
mkdir "$folder/empty"
"$program" "$folder/empty" >"$folder/out" 2>"$folder/err"
[ ! -s "$folder/err" ]
grep -Eq '^training +1 x .* assumed' "$folder/out"
! grep -q measured "$folder/out"
