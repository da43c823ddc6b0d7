needs_fixture
command -v python3 >/dev/null || skip "python3 is not here to make runs and read documents"
XDG_DATA_HOME=$PWD/xdg
export XDG_DATA_HOME
here=$AJ_SOURCE_DIR/tests/cli
server=aaaa
nasty=dddd

# golden NAME: stdout is what tests/cli/golden/NAME holds, but for rounding
golden() {
    checks=$((checks + 1))
    if [ -n "${AJ_GOLDEN:-}" ]; then cp stdout "$here/golden/$1"; fi
    python3 "$here/golden.py" stdout "$here/golden/$1" >difference 2>&1 || problem "not as in golden/$1: $(cat difference)"
}
# of EXPRESSION: true when it holds for the document d on stdout, its first card c and account a; row(card, key, sum)
of() {
    checks=$((checks + 1))
    python3 - "$1" 2>python.err <<'PY' || problem "not so: $1 $(tail -n 1 python.err)"
import json, math, sys
d = json.load(open("stdout"))
c, a = d["cards"][0], d["account"]
near = lambda x, y, rel=1e-9: math.isclose(x, y, rel_tol=rel)
def rows(card, key, **more):
    return [r for r in card["rows"] if r["key"] == key and all(r[k] == v for k, v in more.items())]
def row(card, key, **more):
    found = rows(card, key, **more)
    assert len(found) == 1, (key, found)
    return found[0]
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}
# compiles FILE.tex, where there is a LaTeX
compiles() {
    command -v pdflatex >/dev/null || return 0
    checks=$((checks + 1))
    printf '\\documentclass{article}\n\\begin{document}\n\\input{%s}\n\\end{document}\n' "$1" >whole.tex
    pdflatex -interaction=nonstopmode -halt-on-error whole.tex >tex.log 2>&1 || {
        problem "pdflatex refuses $1"
        grep -A3 '^!' tex.log
    }
}

python3 "$here/cards.py" >runs.jsonl
"$AJ" ledger import runs.jsonl --quiet || problem "the runs were not taken in"

title "the card of a server with two sockets and two graphics cards"
run report $server --target 0.75
exits 0
silent_err
narrow
sed -i '/^What the location-based/,/^$/d' stdout # rows come and go with the table of equivalents
golden card.txt
run report $server --format latex
golden card.tex
cp stdout card.tex
compiles card.tex
run report $server --format csv
sed -i '/,equivalents,/d' stdout
golden card.csv
run report $server --format markdown
sed -i '/^## What the location-based/,/^## /d' stdout
golden card.md

title "attributed + idle + others = measured"
run report $server --format json --target 0.75
json_out
of 'all(z["adds_up"] for z in c["domains"]) and c["domains_together"]["adds_up"]'
of 'all(near(z["attributed_joules"] + z["idle_joules"] + z["others_joules"], z["measured_joules"]) for z in c["domains"] if z["divided"])'
of 'near(sum(z["measured_joules"] for z in c["domains"] if z["counted"]), c["domains_together"]["measured_joules"])'
of 'near(c["domains_together"]["sum_joules"], 16000) and near(c["domains_together"]["undivided_joules"], 12000)'
of 'near(row(c, "energy_joules", sum=True)["value"], 14300) and row(c, "energy_joules", sum=True)["origin"] == "modelled"'
of 'near(sum(r["value"] for r in rows(c, "energy_joules", sum=False)), 14300)'

title "carbon both ways, the basis in the label, offsets not subtracted"
of '"not scope 2" in row(c, "location_kilograms_co2e")["label"]'
of 'near(row(c, "location_kilograms_co2e")["value"], 14300 * 1.56 * 56e-3 / 3.6e6)'
of 'near(row(c, "market_kilograms_co2e")["value"], 0.75 * row(c, "location_kilograms_co2e")["value"])'
of 'row(c, "offsets_kilograms_co2e")["value"] == 0.5 and row(c, "embodied_kilograms_co2e")["value"] is None'
of 'near(row(c, "factor_kilograms_co2e_per_joule")["value"] * row(c, "facility_joules")["value"], row(c, "location_kilograms_co2e")["value"])'
of 'all(near(r["value"] * float(r["note"].split()[0]), row(c, "location_kilograms_co2e")["value"], 1e-3) for r in rows(c, "equivalent"))'
of 'any(s["sha256"] for s in c["sources"])'

title "operations and joules to the target, from the marks of the trace"
of 'near(row(c, "flops_per_joule")["value"], 3e12 / 14300)'
of 'row(c, "target_accuracy_ratio")["value"] == 0.75 and row(c, "flops_to_target")["value"] == 2e12'
of 'near(row(c, "joules_to_target")["value"], (60 * 20 + 100 * 20) * 0.7) and row(c, "seconds_to_target")["value"] == 40'
run report $server --format json --target 0.95
of 'row(c, "flops_to_target")["value"] is None and row(c, "flops_to_target")["note"] == "not reached"'

title "what was priced again says so, and has the label of its own source"
cp -r xdg again
XDG_DATA_HOME=$PWD/again run ledger reprice $server --zone US --basis direct --save --quiet
XDG_DATA_HOME=$PWD/again run report $server --format json
exits 0
of 'row(c, "location_kilograms_co2e")["note"] == "priced again after the run"'
of '"direct emissions" in row(c, "location_kilograms_co2e")["label"] and not rows(c, "factor_kilograms_co2e_per_joule")'

title "a page that stands alone, with power over time"
run report $server --out page.html
exits 0
grep -q 'class="line l1"' page.html || problem "the figure is missing"
grep -q 'Power over time' page.html || problem "the figure has no caption"
! grep -Eqi 'src=|<script|@import|url\(|https?://' page.html || problem "the page loads something"

title "a search: variance shares, expected best, energy after the best"
run report --project grid --format json
exits 0
of 'len(d["cards"]) == 9'
of 'near(row(a, "variance_share_ratio", label="variance by lr")["value"], 75 / 78)'
of 'near(row(a, "variance_share_ratio", label="variance by width")["value"], 3 / 78)'
of '"full grid" in row(a, "design")["text"] and not [r for r in rows(a, "variance_share_ratio") if "seed" in r["label"]]'
of 'near(row(a, "expected_best_ratio", label="expected best of 2")["value"], sum(v * i / 36 for i, v in enumerate([.70, .71, .72, .75, .76, .77, .80, .81, .82])))'
of 'near(row(a, "expected_best_ratio", label="expected best of 9")["value"], 0.82)'
of 'row(a, "joules_after_best")["value"] == 0 and row(a, "n_runs")["value"] == 9'
of 'near(row(a, "energy_joules")["value"], 936) and near(row(a, "energy_joules")["low"], 846)'
run report 00000000000000000000000000000004 --format json
of 'near(row(a, "variance_share_ratio", label="variance by lr")["value"], 75 / 78)' # of its round
run report --project grid
narrow
run report --project grid --format latex
cp stdout many.tex
compiles many.tex
out_has 'Search: runs with an accuracy: 9'

title "nested runs are not added twice"
run report --project light --format json
of 'len(d["cards"]) == 2 and row(a, "n_runs")["value"] == 1 and near(row(a, "energy_joules")["value"], 14300)'
run report $server bbbb --format json
of 'near(row(a, "energy_joules")["value"], 14300)'
run report bbbb --format json
of 'a is None and row(c, "energy_joules", sum=True)["value"] == 77'

title "kilograms that count different things are not added"
XDG_DATA_HOME=$PWD/again run ledger reprice 00000000000000000000000000000001 --zone FR --basis lifecycle --save --quiet
XDG_DATA_HOME=$PWD/again run report $server 00000000000000000000000000000001 --format json
exits 0
of 'row(a, "location_kilograms_co2e")["value"] is None and "not added" in row(a, "location_kilograms_co2e")["note"]'
of 'row(a, "market_kilograms_co2e")["value"] is None and near(row(a, "energy_joules")["value"], 14401)'
XDG_DATA_HOME=$PWD/again run ledger reprice $server --zone FR --basis lifecycle --save --quiet
XDG_DATA_HOME=$PWD/again run report $server 00000000000000000000000000000001 --format json
of 'near(row(a, "location_kilograms_co2e")["value"], sum(row(x, "location_kilograms_co2e")["value"] for x in d["cards"]))'
of '"not scope 2" in row(a, "location_kilograms_co2e")["label"]'

title "missing is missing"
run report cccc --format json
exits 0
of 'row(c, "energy_joules", sum=True)["value"] is None and row(c, "duration_seconds")["value"] is None'
of 'row(c, "location_kilograms_co2e")["value"] is None and row(c, "flops")["value"] is None'
run report cccc
out_has 'energy of the run +—'
out_lacks '\b0 J'
out_has 'aj run --'
out_has 'ended by signal 15'

title "budgets: shown; one that is exceeded is exit status 3, with the document written"
"$AJ" ledger budget --project light --budget 20kJ --quiet >/dev/null
run report $server
exits 0
out_has 'energy, share spent +71.50 %'
"$AJ" ledger budget --project light --budget 15kJ --quiet >/dev/null 2>&1
run report $server --format json
exits 0
err_has '95 % of its budget of 15 kJ'
"$AJ" ledger budget --project light --budget 10kJ --quiet >/dev/null 2>&1
run report $server --format json --out over.json
exits 3
err_has 'more than its budget of 10 kJ'
cp over.json stdout
of 'row(a, "budget_spent_ratio")["alarm"] and near(row(a, "budget_spent_ratio")["value"], 1.43) and row(a, "budget_limit_energy_joules")["value"] == 10000'
run report --project grid
exits 0

title "names of strangers are only text"
for format in table csv json markdown latex html; do
    run report $nasty --format $format
    exits 0
    case $format in
    table) narrow ;;
    csv)
        out_lacks '(^|,)"?[=+@-]'
        ;;
    html)
        out_lacks '<script|<b>n'
        out_has '&lt;script&gt;'
        ;;
    markdown) out_lacks '([^\\]|^)(<script|\[a\])' ;;
    latex)
        out_lacks '\\input\{x'
        cp stdout nasty.tex
        compiles nasty.tex
        ;;
    json) json_out ;;
    esac
done

title "an evaluation: simulated joules beside those of the simulation"
"$AJ" eval "$model" --data "$data" --on homodyne-parts --trials 3 --quiet --project sim >/dev/null
run report last --project sim --format json
exits 0
of 'row(c, "simulation_joules")["value"] == row(c, "energy_joules", sum=True)["value"]'
of 'rows(c, "simulated_joules_per_inference") and all(r["note"] == "was not spent" for r in rows(c, "simulated_joules_per_inference"))'
of 'row(c, "simulation_joules")["value"] is None or near(row(c, "simulation_joules_per_inference")["value"] * 150 * 3, row(c, "simulation_joules")["value"])'

of 'rows(c, "accuracy_ratio")[0]["label"] == "accuracy, homodyne-parts" and len(rows(c, "accuracy_ratio")) == 2'
"$AJ" sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1:10:log:3 --quiet --project points >/dev/null
run report --project points
exits 0
out_has 'photons_per_mac 3.162'

title "which runs"
run report --last 1 --kind evaluation
exits 0
run report
refused 2 'files, runs'
run report aaaa nofile.json
refused 2 'not both'
run report 0000
refused 1 'several runs begin with 0000'
run report ffff
refused 1 'has no run ffff'
run report --project none
refused 1 'no run is like that'
run report $server --per-layer
refused 2 'per-layer'
run report runs.jsonl --project light
refused 2 'for runs'
echo '{}' >aaaa
run report aaaa
exits 1
err_has 'aaaa'
