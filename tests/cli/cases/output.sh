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

title "--out may be a pipe or a device"
run hardware list --out /dev/null
exits 0
silent_out
checks=$((checks + 1))
[ -c /dev/null ] || problem "/dev/null was replaced"
