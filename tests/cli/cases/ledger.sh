needs_fixture
XDG_DATA_HOME=$PWD/xdg
export XDG_DATA_HOME

title "an empty ledger is made in its default place, for its owner alone"
run ledger
exits 0
silent_err
out_has '^run +begun'
[ "$(stat -c %a xdg/attojoule/ledger.db)" = 600 ] || problem "the ledger can be read by others"

title "evaluations are added once"
"$AJ" eval "$model" --data "$data" --on homodyne --trials 2 --json --quiet --no-ledger >eval.json
"$AJ" sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1:10:log:3 --quiet --no-ledger --out sweep.jsonl >/dev/null
run ledger add eval.json sweep.jsonl --project light --round one --tag night
exits 0
err_has 'eval.json: 1 runs added'
err_has 'sweep.jsonl: 3 runs added'
run ledger add eval.json sweep.jsonl --project dark
exits 0
err_has 'sweep.jsonl: 0 runs added, 3 were there'
run ledger list
exits 0
out_has '^[0-9a-f]{8} .* evaluation +finished +light'
out_has 'sweep_point'
out_lacks 'dark'
narrow
run ledger list --kind sweep_point --json
exits 0
json_out
[ "$(grep -c '"sweep_point"' stdout)" -eq 3 ] || problem "three points were expected"
run ledger list --tag day
out_lacks 'light'

title "show"
uid=$("$AJ" ledger list --kind evaluation | awk 'NR == 2 { print $1 }')
run ledger show "$uid"
exits 0
out_has '^tag +night'
out_has 'simulated_joules_per_inference'
out_has 'accuracy_ratio +clean'
run ledger show "$uid" --json
json_out
run ledger show ffffffffff
refused 1 'has no run'
run ledger show zebra
refused 1 'hex digits'

title "simulated joules were not spent"
run ledger account --project light --round one
exits 0
out_has '^one round +4 '
out_has '^project +4 '
out_lacks 'simulated'
run ledger account --project light --json
json_out

title "export, import, merge"
run ledger export --out runs.jsonl
exits 0
[ "$(wc -l <runs.jsonl)" -eq 4 ] || problem "four lines were expected"
run ledger import runs.jsonl --ledger other.db
exits 0
err_has '4 runs added'
run ledger import runs.jsonl --ledger other.db
err_has '0 runs added, 0 completed, 4 were there'
run ledger export --ledger other.db
cp stdout again
same_files runs.jsonl again
run ledger merge other.db --ledger third.db
exits 0
err_has '4 runs added'
echo '{"no": "run"}' >bad.jsonl
run ledger import bad.jsonl
refused 1 'bad.jsonl: line 1'

title "budgets: 80 % warns, more than all is exit status 3"
run_of() { # UID JOULES
    printf '{"attojoule_run":1,"uid":"%s","kind":"training","state":"finished","project":"dear","round":"r","duration_seconds":3600,"figures":[{"quantity":"energy_joules","value":%s,"origin":"measured","source":"made for this test"},{"quantity":"cost","unit":"USD","value":1,"origin":"assumed"}]}\n' "$1" "$2"
}
run_of 00000000000000000000000000000001 4e6 >dear.jsonl
run_of 00000000000000000000000000000002 5e5 >>dear.jsonl
run ledger import dear.jsonl --quiet
exits 0
run ledger budget --project dear --budget 5MJ
exits 0
err_has '90 % of its budget of 5 MJ'
run ledger budget --project dear --budget 1kWh
exits 3
err_has 'project dear has spent 4.5 MJ, measured: more than its budget of 3.6 MJ'
for verb in list account budget; do
    run ledger $verb --project dear
    exits 3
    out_has '.'
done
run ledger list --project light
exits 0
run ledger budget --project dear --budget 3USD --json
exits 3
json_out
run ledger account --project dear --json
out_has '"level": "one model"'
out_has '"level": "one round"'
out_has '"value": 4500000.0'
run ledger budget --project dear --budget none
exits 0
run ledger list
exits 0
run ledger budget --project dear --budget 5apples
refused 2 '5apples'
run ledger budget --budget 5MJ
refused 2 'project'

title "prune deletes only what it is told to"
run ledger prune
refused 2 'say what'
run ledger prune --project dear --runs
exits 0
err_has '2 runs deleted'
run ledger list --project dear
out_lacks 'dear'

title "places and files that are no ledger"
run ledger --ledger no/such/folder/x.db
refused 1 'no/such/folder/x.db'
run ledger --ledger eval.json
refused 1 'not a database'
run ledger frobnicate
refused 2 'frobnicate'
run ledger list --since yesterday
refused 2 '2026-01-31'
run ledger list --since 2026-02-30
refused 2 '2026-01-31'
