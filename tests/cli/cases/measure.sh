needs_fixture
command -v python3 >/dev/null || skip "python3 is not here to read documents"
zone() { # zone ENTRY NAME: a counter that begins at 1 J
    mkdir -p "sys/class/powercap/$1"
    echo "$2" >"sys/class/powercap/$1/name"
    echo 262143328850 >"sys/class/powercap/$1/max_energy_range_uj"
    echo 000001000000 >"sys/class/powercap/$1/energy_uj"
}
zone intel-rapl:0 package-0
zone intel-rapl:0:0 dram
# Both counters move by 1 J at a time, in place, as long as the case runs.
(
    n=1000000
    while [ -d sys ]; do
        n=$((n + 1000000))
        printf '%012d\n' $n 1<>sys/class/powercap/intel-rapl:0/energy_uj
        printf '%012d\n' $n 1<>sys/class/powercap/intel-rapl:0:0/energy_uj
        sleep 0.01
    done
) &
counters=$!

# of EXPRESSION: true when it holds for the newest run `r`, its meter `m` and its figures by quantity `f`
of() {
    checks=$((checks + 1))
    "$AJ" ledger export --last 1 >newest
    python3 - "$1" <newest 2>python.err <<'PY' || problem "not so: $1 $(tail -n 1 python.err)"
import json, math, sys
r = json.loads(open("newest").readline())
record = json.loads(r["record"])
m, f = record["meter"], {}
for figure in r["figures"]:
    f.setdefault(figure["quantity"], []).append(figure)
near = lambda a, b: math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}
evaluate() { run eval "$model" --data "$data" --on homodyne --trials 40 --reference --sysfs sys --nvml libnone.so "$@"; }

title "an evaluation measures itself and keeps its run"
evaluate --json --zone FR --project light --round one --tag night --contracts 0.25
exits 0
silent_err
json_out
out_has '"origin": "modelled"'
of 'r["kind"] == "evaluation" and r["state"] == "finished" and r["project"] == "light" and r["round"] == "one" and r["tags"] == ["night"]'
of 'm["attojoule_meter"] == 1 and m["no_energy"] is None and m["undivided"] is None'
of 'len(f["energy_joules"]) == 2 and [g["part"] for g in f["energy_joules"]] == ["powercap/package-0", "powercap/package-0/dram"]'
of 'near(sum(g["value"] for g in f["energy_joules"]), m["run_joules"]["value"])'
of 'f["energy_joules"][0]["origin"] == "modelled" and "divided by CPU time" in f["energy_joules"][0]["source"]'
of 'record["measured"]["energy_joules"]["value"] == m["run_joules"]["value"]'

title "attributed + idle + others = measured, in every zone and together"
of 'm["machine"]["measured_joules"] > 0'
of 'all(near(z["attributed_joules"] + z["idle_joules"] + z["others_joules"], z["measured_joules"]) for z in m["zones"])'
of 'near(sum(m["machine"][k + "_joules"] for k in ("attributed", "idle", "others", "undivided")), m["machine"]["measured_joules"])'
of 'near(m["machine"]["attributed_joules"] + m["machine"]["undivided_joules"], m["run_joules"]["value"])'
of 'all(z[k + "_joules"] >= 0 for z in m["zones"] for k in ("attributed", "idle", "others"))'

title "carbon, money and fee, each with its table"
of 'near(f["location_kilograms_co2e"][0]["value"], m["run_joules"]["value"] * m["carbon"]["power_usage_effectiveness"] * m["carbon"]["factor"]["kilograms_co2e_per_joule"])'
of 'near(f["market_kilograms_co2e"][0]["value"], 0.75 * f["location_kilograms_co2e"][0]["value"])'
of 'near(f["carbon_fee"][0]["value"], 0.015 * f["location_kilograms_co2e"][0]["value"]) and f["carbon_fee"][0]["unit"] == "USD"'
of 'near(f["cost"][0]["value"], 0.12 / 3.6e6 * m["run_joules"]["value"] * m["carbon"]["power_usage_effectiveness"])'
of 'len(f["location_kilograms_co2e"][0]["sha256"]) == 64 and f["location_kilograms_co2e"][0]["version"] == str(m["carbon"]["factor"]["year"])'
python3 - "$AJ_SOURCE_DIR" <<'PY' || problem "the digests are not those of the tables"
import hashlib, json, sys
r = json.loads(open("newest").readline())
table = json.loads(r["record"])["meter"]["carbon"]["factor"]["table"]
for f in r["figures"]:
    name = table if f["quantity"].endswith("co2e") else "tables/prices.csv" if f["quantity"] in ("cost", "carbon_fee") else None
    if name and f["sha256"] != hashlib.sha256(open(sys.argv[1] + "/" + name, "rb").read()).hexdigest():
        sys.exit(name)
PY

title "idle is kept apart"
evaluate --quiet --idle-watts 2 --idle-watts package-0/dram=1
exits 0
of '[z["idle_watts"] for z in m["zones"]] == [2, 1] and all(z["idle_joules"] > 0 for z in m["zones"])'
of 'near(sum(m["machine"][k + "_joules"] for k in ("attributed", "idle", "others", "undivided")), m["machine"]["measured_joules"])'

title "an unknown zone, and none: carbon is missing, money is not"
evaluate --quiet --zone XX-nowhere
exits 0
of '"location_kilograms_co2e" not in f and "carbon_fee" not in f and len(f["cost"]) == 1 and "XX-nowhere" in m["no_carbon"]'
evaluate --quiet
of '"location_kilograms_co2e" not in f and m["no_carbon"] is None and m["carbon"]["factor"] is None'

title "processes that cannot be followed: the whole machine, and it is said"
mkdir noproc
evaluate --quiet --procfs noproc
exits 0
of 'm["undivided"] is not None and m["machine"]["divided_joules"] == 0 and near(m["run_joules"]["value"], m["machine"]["measured_joules"])'
of 'f["energy_joules"][0]["origin"] == "measured" and "not divided" in f["energy_joules"][0]["source"]'

title "no sensor: not 0 joules"
mkdir none
run eval "$model" --data "$data" --sysfs none --nvml libnone.so --source powercap --json
exits 0
silent_err
out_has '"energy_joules": null'
of 'f["energy_joules"][0]["value"] is None and m["no_energy"] is not None and "cost" not in f'

title "a run inside a run names its parent"
AJ_RUN=0123456789abcdef0123456789abcdef evaluate --quiet
of 'r["parent"] == "0123456789abcdef0123456789abcdef"'
AJ_RUN='not a uid' evaluate --quiet
of 'r["parent"] is None'

title "the same evaluation from its file is not counted again"
evaluate --json --no-ledger --quiet
[ "$("$AJ" ledger export | wc -l)" -eq 8 ] || problem "--no-ledger was not heard: $("$AJ" ledger export | wc -l)"
evaluate --json --quiet --out once.json
run ledger add once.json
exits 0
err_has '0 runs added'

title "mistakes"
evaluate --idle-watts much
refused 2 'idle-watts'
evaluate --ledger x.db --no-ledger
refused 2 'exclude'
absent x.db

title "a training measures itself"
{ sed "s/^epochs: .*/epochs: 20000/" "$AJ_CLI_FIXTURE/spec.yaml"; echo 'target_accuracy_ratio: 0.9'; } >spec.yaml
training() { run train spec.yaml --out net.onnx --sysfs sys --nvml libnone.so --quiet --zone FR "$@"; }
training
exits 0
silent_err
out_has '^epoch 20000/20000 .* [MG]FLOP  [0-9.]+ [mk]?J  [0-9.]+ [nµm]?g CO2e so far '
out_has '^this training itself used [0-9.]+ [mk]?J \(modelled'
of 'r["kind"] == "training" and r["state"] == "finished" and f["flops"][0]["value"] == record["training"]["flops"] and f["accuracy_ratio"][0]["value"] == record["training"]["test_accuracy_ratio"]'
of 'near(sum(g["value"] for g in f["energy_joules"]), record["training"]["measured_energy_joules"]["value"]) and (record["training"]["joules_to_target"] or 0) <= m["run_joules"]["value"]'
of 'r["project"] is None and "train spec.yaml" in r["command_line"] and r["exit_status"] == 0'
training --json --project heavy
exits 0
checks=$((checks + 1))
python3 -c '
import json, sys
rows = [json.loads(line) for line in open("stdout")][:-1]
known = [row for row in rows if row["joules_so_far"] is not None] # not in the first tenth of a second
joules = [row["joules_so_far"] for row in known]
kilograms = [row["location_kilograms_co2e"] for row in known]
sys.exit(not (len(rows) == 20000 and len(known) > 200 and joules == sorted(joules) and joules[-1] > joules[0] >= 0
              and kilograms == sorted(kilograms) and {row["joules_origin"] for row in known} == {"modelled"}))' || problem "joules or CO2e of an epoch are missing, or go back"
sed 's/^target_accuracy_ratio: .*/target_accuracy_ratio: 1/; s/^epochs: .*/epochs: 1/' spec.yaml >hard.yaml
run train hard.yaml --out net.onnx --sysfs sys --nvml libnone.so --quiet
exits 3
of 'r["exit_status"] == 3 and r["state"] == "finished" and record["training"]["joules_to_target"] is None'

title "a sweep measures every point"
before=$("$AJ" ledger export | wc -l)
run sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1,2,3 --trials 40 --reference --sysfs sys --nvml libnone.so --quiet --out points.jsonl
exits 0
silent_err
[ "$("$AJ" ledger export | wc -l)" -eq $((before + 3)) ] || problem "three entries were expected"
of 'r["kind"] == "sweep_point" and record["measured"]["energy_joules"]["value"] == m["run_joules"]["value"] and m["run_joules"]["value"] > 0'
checks=$((checks + 1))
python3 -c '
import json, sys
rows = [json.loads(line) for line in open("points.jsonl")]
sys.exit(not (len(rows) == 3 and all(row["measured"]["energy_joules"]["value"] > 0 for row in rows)))' || problem "a point does not know its joules"
run sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1,2,3 --trials 40 --reference --quiet --out points.jsonl
[ "$("$AJ" ledger export | wc -l)" -eq $((before + 3)) ] || problem "points that were taken from the file were counted again"
run ledger add points.jsonl
err_has '0 runs added'

title "what was interrupted was spent"
"$AJ" eval "$model" --data "$data" --on homodyne --trials 1000000 --sysfs sys --nvml libnone.so --quiet 2>stderr >stdout &
evaluation=$!
sleep 0.5
kill -TERM $evaluation
wait $evaluation
of 'r["kind"] == "evaluation" and r["state"] == "interrupted" and m["run_joules"]["value"] > 0'

title "a ledger that cannot be written fails nothing"
mkdir folder.db
evaluate --quiet --ledger folder.db
exits 0
err_has 'folder.db.*spill'
rm -rf sys
wait $counters
