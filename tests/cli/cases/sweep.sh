needs_fixture
points() { without_measured lines; }
grid='--data '$data' --on homodyne --vary photons_per_mac=0.1:10:log:5 --vary detector_capacitance_farads=0.5fF,1fF --trials 2'

title "table, CSV and JSON lines"
# shellcheck disable=SC2086
run sweep "$model" $grid --quiet
exits 0
silent_err
narrow
# shellcheck disable=SC2086
run sweep "$model" $grid --csv --quiet
exits 0
checks=$((checks + 1))
[ "$(wc -l <stdout)" -eq 11 ] || problem "not 10 rows and a header"
# shellcheck disable=SC2086
run sweep "$model" $grid --json --quiet
exits 0
checks=$((checks + 1))
[ "$(wc -l <stdout)" -eq 10 ] || problem "not 10 lines"
points <stdout >whole

title "the file of the points"
# shellcheck disable=SC2086
run sweep "$model" $grid --quiet --out whole.jsonl
exits 0
points <whole.jsonl >from_file
same_files whole from_file

title "interrupted half-way and run again: the same points"
head -n 4 whole.jsonl >half.jsonl
sed -n 5p whole.jsonl | head -c 100 >>half.jsonl # the line that was being written
cp half.jsonl kept.jsonl
# shellcheck disable=SC2086
run sweep "$model" $grid --json --out half.jsonl --threads 2
exits 0
err_has '4 of 10 points were taken from half\.jsonl'
points <half.jsonl >resumed
same_files whole resumed
points <stdout >printed
same_files whole printed
head -n 4 half.jsonl >first
head -n 4 kept.jsonl >first_kept
same_files first first_kept # what was there is left alone

title "a file of other settings is refused and left alone"
cp whole.jsonl before.jsonl
for other in '--seed 2' '--trials 3' '--samples 50' '--batch 2' '--set quantum_efficiency_ratio=0.5'; do
    # shellcheck disable=SC2086
    run sweep "$model" $grid $other --quiet --out whole.jsonl
    exits 1
    one_sentence
    err_has 'whole\.jsonl'
    same_files whole.jsonl before.jsonl
done

title "figure"
if command -v gnuplot >/dev/null; then
    # shellcheck disable=SC2086
    run sweep "$model" $grid --quiet --out whole.jsonl --figure figure.svg
    exits 0
    checks=$((checks + 1))
    grep -q '<svg' figure.svg || problem "figure.svg is no SVG"
    [ -s figure.gp ] || [ -s figure.svg.gp ] || problem "the script is not kept"
fi

title "reports of it"
"$AJ" eval "$model" --data "$data" --on digital-45nm --json --quiet --out digital.json
for format in table csv json html markdown; do
    run report whole.jsonl digital.json --format $format
    exits 0
    silent_err
    checks=$((checks + 1))
    [ -s stdout ] || problem "empty"
done
run report whole.jsonl digital.json
narrow
run report whole.jsonl digital.json --out report.html
exits 0
silent_out
checks=$((checks + 2))
grep -qi '<!doctype html' report.html || problem "report.html is no HTML"
! grep -Eqi '(src|href)="https?://[^"]*\.(js|css|png|svg)' report.html || problem "report.html loads from the network"
