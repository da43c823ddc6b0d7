needs_fixture
# npy FILE TYPE SHAPE: a .npy file of the numbers on standard input, as octal escapes of bytes.
npy() {
    header=$(printf "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" "$2" "$3")
    {
        printf '\223NUMPY\001\000'
        # shellcheck disable=SC2059
        printf "\\$(printf %o $((${#header} + 1)))\\000"
        printf '%s\n' "$header"
        # shellcheck disable=SC2059
        printf "$(cat)"
    } >"$1"
}
null() {
    checks=$((checks + 1))
    grep -q "\"$1\": null" stdout || problem "$1 is not null"
}
title "fewer than six classes have no five largest"
run eval "$model" --data "$data" --on homodyne --json --quiet
exits 0
null clean_top5_accuracy_ratio
out_has '"loss_of": "cross-entropy"'

title "without labels: outputs, and no accuracy"
run eval "$model" --data "$data" --samples 3 --outputs made.npy --json --quiet
exits 0
run eval "$model" --data made.npy --quiet
refused 1 'has 16 elements but a sample of made\.npy has 4'
printf '\\001%.0s' $(seq 32) | npy x.npy '|u1' '(2, 16)'
run eval "$model" --data x.npy --outputs y.npy --json --quiet
exits 0
for key in clean_accuracy_ratio clean_top5_accuracy_ratio clean_loss loss_of; do null $key; done
checks=$((checks + 1))
grep -q "(2, 4)" y.npy || problem "y.npy has another shape"
run eval "$model" --data x.npy --outputs y.npy
exits 0
out_lacks 'accuracy|%'

title "values of the output's shape: a loss of 0 against its own outputs, and no accuracy"
run eval "$model" --data x.npy:y.npy --json --quiet
exits 0
null clean_accuracy_ratio
out_has '"clean_loss": 0,'
out_has '"loss_of": "mean squared error"'
run eval "$model" --data x.npy:y.npy --on homodyne --trials 2
exits 0
narrow
out_has 'loss, exact arithmetic +0 \(mean squared error\)'
out_has 'loss on the hardware +[0-9.e-]+ \(95 %: '
out_lacks 'accuracy'
run sweep "$model" --data x.npy:y.npy --on homodyne --vary photons_per_mac=1,10 --quiet --out values.jsonl
exits 0
narrow
run report values.jsonl --out report.html
exits 0

title "labels that fit in no way are refused with both shapes"
printf '\\001%.0s' $(seq 6) | npy wrong.npy '|u1' '(2, 3, 1)'
run eval "$model" --data x.npy:wrong.npy
refused 1 'output "[^"]*" is 4, but a label of .* is 3 x 1 \(class numbers\)'
run data show x.npy:wrong.npy
exits 0
out_has '^labels are arrays of 3 x 1 class numbers$'
