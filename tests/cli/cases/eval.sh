needs_fixture
title "inspect"
run inspect "$model"
exits 0
silent_err
narrow
out_has 'Gemm'
out_has '12 x 16 x 1 .* 192 '
out_has '^total .* 240 '
run inspect "$model" --json
exits 0
json_out
out_has '"macs_per_inference": 240'
out_has '"parameters": 256'
run inspect "$model" --on homodyne-parts --batch 8
exits 0
narrow
out_has 'on homodyne-parts \(homodyne\), batch 8, mode latency'
run inspect "$model" --on homodyne-parts --json
json_out
out_has '"on": \{'

title "clean"
run eval "$model" --data "$data" --quiet
exits 0
silent_err
narrow
run eval "$model" --data "$data" --json --quiet
exits 0
silent_err
json_out
out_has '"hardware": null'
out_has '"clean_accuracy_ratio": 0\.[89]|"clean_accuracy_ratio": 1'

title "the keys of the contract"
run eval "$model" --data "$data" --on homodyne --set photons_per_mac=5 --trials 3 --json --per-layer
exits 0
json_out
for key in model dataset name split samples hardware family evidence parameters photons_per_mac seed trials batch mode \
    clean_accuracy_ratio accuracy_ratio mean stddev ci95 ci95_dataset n macs_per_inference flops_per_inference \
    energy_joules_per_inference optical accelerator system described_joules causes laser adc origin \
    energy_joules_per_mac latency_seconds digital_fallback measured duration_seconds; do
    out_has "\"$key\":"
done
out_has '"trials": 3'
out_has '"macs_per_inference": 240'
out_has '"samples": 150'

title "tables"
for arguments in '' '--per-layer' '--explain' '--mode throughput --batch 16'; do
    # shellcheck disable=SC2086
    run eval "$model" --data "$data" --on homodyne-parts --trials 2 $arguments
    exits 0
    narrow
done

title "options of data"
run eval "$model" --data "$data" --samples 40 --json
out_has '"samples": 40'
run eval "$model" --data "$data" --split train --json
out_has '"samples": 400'
out_has '"split": "train"'

title "outputs"
run eval "$model" --data "$data" --outputs outputs.npy --quiet
exits 0
checks=$((checks + 1))
[ "$(head -c 6 outputs.npy | tail -c 5)" = NUMPY ] || problem "outputs.npy is not a .npy file"
grep -q "(150, 4)" outputs.npy || problem "outputs.npy has another shape"

title "calibration: from the training split; from the data, which is said, where there is none"
run eval "$model" --data "$data" --on homodyne --set input_gain=calibrated --trials 2
exits 0
silent_err
run eval "$model" --data "./outputs.npy" --on homodyne --set input_gain=calibrated
exits 1
