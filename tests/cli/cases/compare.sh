needs_fixture
four='--data '$data' --on homodyne,homodyne-parts,digital-45nm,landauer --no-ledger'

title "the table"
# shellcheck disable=SC2086
run compare "$model" $four --within 3pp --quiet
exits 0
silent_err
narrow
out_has 'Least energy per inference that keeps accuracy within 3 pp of clean'
out_has '^homodyne-parts .* [fa]J .* [np]J .* [np]J '
out_has '^digital-45nm .* — .*J '
out_has 'photons_per_mac ='
out_has '^Held constant'
out_has '^clean reference '
out_has '^fallback +digital-45nm'
out_has '^temperature_kelvin .*300 K'
# limits stand last, below a rule
checks=$((checks + 1))
awk '/^digital-45nm/ { seen = 1 } /^──/ { if (seen) rule = 1 } /^homodyne / { if (!rule) bad = 1; found = 1; exit }
    END { exit bad || !found }' stdout || problem "the limits are not below a rule of their own"

title "JSON: the statement, the knob, every value tried, whole records"
# shellcheck disable=SC2086
run compare "$model" $four --within 3pp --json --quiet
exits 0
json_out
for key in within_ratio error_ratio search_trials trials search_seed seed held_constant rows reached exact weights \
    difference_bound_ratio knob largest_cause area_square_meters peak_macs_per_second steps evaluation measured; do
    out_has "\"$key\":"
done
if command -v python3 >/dev/null; then
    cat >look.py <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
clean = d["clean_accuracy_ratio"]
for row in d["rows"]:
    e = row["evaluation"]
    accuracy, n = e["accuracy_ratio"], e["trials"]
    assert row["reached"] and row["difference_bound_ratio"] >= -d["within_ratio"], row["hardware"]
    assert row["difference_bound_ratio"] <= accuracy["mean"] - clean + 1e-12
    assert n == (1 if row["exact"] else d["trials"]) and row["error_ratio"] == (0 if row["exact"] else 0.04)
    assert e["seed"] == d["seed"] != d["search_seed"]  # trials that the search did not see
    if row["knob"]:
        key = row["knob"]["key"]
        assert e["hardware"]["parameters"][key] == row["knob"]["value"]
        assert "search" in e["hardware"]["parameter_sources"][key]["source"]
        fresh = [s for s in row["steps"] if s["trials_of"] == "confirmation"]
        kept = [s["value"] for s in row["steps"] if s["kept"] and s["trials_of"] == "search"]
        assert fresh[-1]["kept"] and fresh[-1]["value"] == row["knob"]["value"] >= min(kept)
        below = [s["value"] for s in row["steps"] if not s["kept"] and s["value"] < row["knob"]["value"]]
        assert below and row["knob"]["value"] / max(below) < 1.13  # one step of the grid above what was not kept
names = [r["hardware"] for r in d["rows"]]
assert names == ["homodyne", "homodyne-parts", "digital-45nm", "landauer"], names
PY
    checks=$((checks + 1))
    python3 look.py stdout 2>complaint || problem "$(cat complaint)"
fi

title "the same for any number of threads and any chunk"
stripped() { sed -E 's/"(value|stddev|duration_seconds)": [0-9.e+-]+,?$/"\1"/; s/"origin": "[a-z]+"//' stdout; }
# shellcheck disable=SC2086
run compare "$model" $four --json --quiet --threads 1
stripped >one
for other in '--threads 2' '--threads 3' '--threads 2 --chunk 7'; do
    # shellcheck disable=SC2086
    run compare "$model" $four --json --quiet $other
    exits 0
    stripped >many
    same_files one many
done

title "settings: of one, of all, and a knob that is held"
run compare "$model" --data "$data" --on homodyne-parts,digital-45nm --no-ledger --quiet --json \
    --set homodyne-parts.wall_plug_ratio=0.1 --set sram_joules_per_bit=0.3pJ/bit --set photons_per_mac=50
exits 0
out_has '"wall_plug_ratio": 0\.1,'
checks=$((checks + 1))
[ "$(grep -c '"sram_joules_per_bit": 3e-13' stdout)" -eq 2 ] || problem "not set for both"
out_has '"knob_held": "held: set by the user"'
out_has '"photons_per_mac": 50,'

title "a tolerance that is not reached says so, with the best that was found"
run compare "$model" --data "$data" --on homodyne --no-ledger --quiet --set photons_per_mac=0.01 --within 0.1pp
exits 0
out_has 'not reached; best [0-9.]+ %'
run compare "$model" --data "$data" --on homodyne --no-ledger --quiet --json --set photons_per_mac=0.01 --within 0.001
out_has '"reached": false'

title "explain, trained for it, figure"
# shellcheck disable=SC2086
run compare "$model" $four --quiet --explain --trained-for homodyne
exits 0
narrow
out_has '^Every value that was tried'
out_has 'trained for it'
out_has 'quantum_efficiency_ratio'
if command -v gnuplot >/dev/null; then
    # shellcheck disable=SC2086
    run compare "$model" $four --quiet --figure front.svg
    exits 0
    checks=$((checks + 1))
    grep -q '<svg' front.svg || problem "front.svg is no SVG"
    [ -s front.svg.gp ] && [ -s front.svg.dat ] || problem "script and data are not kept"
fi

title "what is refused"
run compare "$model" --data "$data"
refused 2 'needs --on'
run compare "$model" --on homodyne
refused 2 'needs --data'
run compare "$model" --data "$data" --on homodyne,
refused 2 'a name is missing'
run compare "$model" --data "$data" --on homodyne,homodyne
refused 2 'names homodyne twice'
run compare "$model" --data "$data" --on homodyne,nothing-like-it
refused 1 'nothing-like-it'
run compare "$model" --data "$data" --on homodyne --within two
refused 2 '1pp'
run compare "$model" --data "$data" --on homodyne --within 150pp
refused 2 '1pp'
run compare "$model" --data "$data" --on homodyne --set colour=red
refused 2 'none of the hardwares has such a key'
run compare "$model" --data "$data" --on homodyne --set homodyne.colour=red
refused 2 'colour'
run compare "$model" --data "$data" --on homodyne --set wavelength_meters
refused 2 'KEY=VALUE'
run compare "$model" --data "$data" --on homodyne --trained-for landauer
refused 2 'does not name it'
run compare "$model" --data "$data" --on homodyne --trials 1
refused 2 'trials'
