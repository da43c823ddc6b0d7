needs_fixture
title "to a full disk"
if [ -c /dev/full ]; then
    for arguments in '--help' 'data list' 'hardware show homodyne' "inspect $model" "eval $model --data $data" \
        "eval $model --data $data --json" "sweep $model --data $data --on homodyne --vary photons_per_mac=1,2 --json"; do
        line="aj $arguments > /dev/full"
        status=0
        # shellcheck disable=SC2086
        "$AJ" $arguments >/dev/full 2>stderr || status=$?
        : >stdout
        exits 1
        one_sentence
        err_has 'standard output'
    done
    run hardware show homodyne --out /dev/full
    refused 1 '/dev/full'
    run eval "$model" --data "$data" --outputs /dev/full
    exits 1
    checks=$((checks + 1))
    [ -c /dev/full ] || problem "/dev/full was replaced"
fi

title "to a place that cannot be written"
mkdir folder
for path in missing/x folder; do
    run hardware show homodyne --out $path
    refused 1 "$path"
    run eval "$model" --data "$data" --out $path
    refused 1 "$path"
    run eval "$model" --data "$data" --outputs $path
    refused 1 "$path"
    run sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1,2 --out $path
    refused 1 "$path"
    run train "$AJ_CLI_FIXTURE/spec.yaml" --out $path
    refused 1 "$path"
done
nothing_left folder

title "--out is replaced whole, and stdout stays empty"
echo old >result.json
run eval "$model" --data "$data" --json --out result.json
exits 0
silent_out
cp result.json stdout
json_out
cp result.json before.json
run eval "$model" --data "$data" --on homodyne --set photons_per_mac=-1 --json --out result.json
exits 2
same_files result.json before.json
nothing_left folder result.json before.json

title "a disk that fills up leaves the old file"
full() { # the file a command writes, the command: nothing beyond the first 512 bytes can be written
    path=$1
    shift
    echo old >"$path"
    line="aj $* (disk full)"
    status=0
    (
        trap '' XFSZ
        ulimit -f 1
        "$AJ" "$@" >/dev/null 2>stderr
    ) || status=$?
    : >stdout
    exits 1
    one_sentence
    err_has "$path.*File too large"
    checks=$((checks + 1))
    [ "$(cat "$path")" = old ] || problem "$path was changed"
}
full shown hardware show homodyne --out shown
full result eval "$model" --data "$data" --on homodyne --json --quiet --out result
full outputs.npy eval "$model" --data "$data" --quiet --outputs outputs.npy
full model.onnx train "$AJ_CLI_FIXTURE/spec.yaml" --epochs 1 --quiet --out model.onnx
full report.html report before.json --out report.html
nothing_left folder result.json before.json shown result outputs.npy model.onnx report.html

title "a full disk in the middle of a sweep: whole lines stay, and the sweep goes on later"
set -- sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1,2,3,4 --quiet --no-ledger --out sweep.jsonl
line="aj $* (disk full)"
status=0
(
    trap '' XFSZ
    ulimit -f 24
    "$AJ" "$@" >/dev/null 2>stderr
) || status=$?
exits 1
one_sentence
checks=$((checks + 1))
[ "$(tail -c 1 sweep.jsonl | wc -l)" -eq 1 ] || problem "the last line is torn"
lines=$(wc -l <sweep.jsonl)
{ [ "$lines" -ge 1 ] && [ "$lines" -lt 4 ]; } || problem "$lines lines are kept"
run "$@"
exits 0
checks=$((checks + 1))
[ "$(wc -l <sweep.jsonl)" -eq 4 ] || problem "not 4 lines in the end"

title "--out may be a pipe or a device"
run hardware list --out /dev/null
exits 0
silent_out
checks=$((checks + 1))
[ -c /dev/null ] || problem "/dev/null was replaced"
