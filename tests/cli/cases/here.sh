needs_fixture
title "cpu-here without figures: a sentence that says how to get them"
run eval "$model" --data "$data" --on cpu-here --no-ledger
refused 1 "run 'aj bench MODEL'"
run eval "$model" --data "$data" --on cpu-here --ledger own.db
refused 1 "aj bench"

title "the newest bench of this machine that has joules gives them"
bench_run() { # UID SECONDS HOST JOULES
    printf '{"attojoule_run": 1, "uid": "%s", "kind": "evaluation", "state": "finished", ' "$1"
    printf '"started_unix_seconds": %s, "host": "%s", "record": "{\\"bench\\":{\\"model\\":\\"m.onnx\\",' "$2" "$3"
    printf '\\"macs_per_inference\\":1000.0,\\"inferences_per_second\\":50.0,'
    printf '\\"energy_joules_per_inference\\":{\\"value\\":%s,\\"origin\\":\\"measured\\"}}}"}\n' "$4"
}
here=$(uname -n)
{
    bench_run 00000000000000000000000000000001 1700000000 "$here" 1e-6
    bench_run 00000000000000000000000000000002 1700000100 "$here" 2e-6
    bench_run 00000000000000000000000000000003 1700000200 "$here" null
    bench_run 00000000000000000000000000000004 1700000300 another-machine 9e-6
} >runs.jsonl
run ledger import runs.jsonl --ledger own.db --quiet
exits 0
run eval "$model" --data "$data" --on cpu-here --ledger own.db --explain --quiet
exits 0
out_has 'mac_energy_joules +2 nJ +measured by aj bench of m.onnx at'
out_has '2023-11-14T22:15:00Z'
out_has 'measured_macs_per_second +50000 '

title "what is set wins over what was measured"
run eval "$model" --data "$data" --on cpu-here --ledger own.db --set mac_energy_joules=3pJ --explain --quiet
exits 0
out_has 'mac_energy_joules +3 pJ +set by the user'

title "a new description starts from a complete one"
run hardware new digital
exits 0
out_has '^  mac_energy_joules: .value: [0-9]'

title "what was chosen for the converters, per product"
run eval "$model" --data "$data" --on tpu-v1 --no-ledger --explain --quiet
exits 0
out_has '^Converters as they were chosen'
run eval "$model" --data "$data" --on lightening-transformer --set adc_kind=mid_tread --set adc_bits=6 --set adc_range=calibrated --set adc_percentile_ratio=0.99 --no-ledger --json --quiet
exits 0
json_out
out_has '"reading_bits": 6'
out_has '"reading_percentile_ratio": 0.99'
out_has '"n_planes": 2'
run eval "$model" --data "$data" --on homodyne --no-ledger --explain --quiet
exits 0
out_lacks 'Converters as they were chosen'
