# [slow] published numbers by the command; the page in docs is what it prints
AJ_DATA=/nowhere
XDG_DATA_HOME=$PWD/xdg
export AJ_DATA XDG_DATA_HOME

title "rows by name"
run validate --only P6,P7,P10 --quiet
exits 0
silent_err
narrow
out_has '^P6 .* reproduced'
out_has 'photon of 1550 nm .* met'
out_has '^3 reproduced'
run validate --only P7 --json --quiet
exits 0
json_out
out_has '"ours": 1076634144'
out_has '"verdict": "reproduced"'

title "what cannot be reproduced says why, and is no failure"
run validate --only A9,P13 --quiet
exits 0
out_has '^A9 .* not reproducible'
out_has '^A9: .*network'
run validate --only P3,P14 --quiet --data-root /nowhere
exits 0
out_has '^P3 .* skipped'
out_has '^P3: the network .wang2022'
out_has '^P14: .*--long'

title "a number outside its tolerance is exit status 3"
if [ -n "${AJ_TEST_DATA:-}" ] && [ -s "$AJ_TEST_DATA/models/mnist-8.onnx" ]; then # another network than the one meant
    run validate --only P5 --quiet --data-root "$AJ_TEST_DATA" --network "$AJ_TEST_DATA/models/mnist-8.onnx"
    exits 3
    out_has '^P5 .* not met'
    out_has 'NOT MET'
    run validate --only P3,P5,C6,C7,C8 --quiet --data-root "$AJ_TEST_DATA"
    exits 0
    narrow
    out_has '^C6 .* corrected'
    out_has '^C8 .* bounded'
    out_has '^3 reproduced, 1 bounded, 1 corrected'
fi

title "what is refused"
run validate --only P99
refused 2 'P99'
run validate --only P6,
refused 2 'no row'
run validate --only P6,P99
refused 2 'P99'
run validate --json --markdown
refused 2 'exclude'
run validate --only P3 --network /nowhere/net.onnx
exits 1
one_sentence
err_has '/nowhere/net\.onnx'

title "docs/validation.md is what the command prints"
run validate --markdown --quiet
exits 0
page=$AJ_SOURCE_DIR/docs/validation.md
checks=$((checks + 1))
# the values of every row that ran here, with its line above them; rows that need data or minutes are skipped here
awk -F' *[|] *' '/^[|]/ { if ($2 != "" && $2 !~ /^[*]*[-:]/) kept = $0 !~ /skipped/; if (kept) print }' stdout |
    while IFS= read -r line; do
        grep -Fxq -- "$line" "$page" || echo "$line"
    done >missing
[ ! -s missing ] || problem "not in docs/validation.md: $(head -n 3 missing); make it anew with aj validate --markdown --long"
checks=$((checks + 1))
[ "$(grep -c 'reproduced' stdout)" -ge 10 ] || problem "hardly any row ran"
