# aj run on a simulated server: two sockets, their DRAM, two graphics cards; every line of the account.
command -v python3 >/dev/null || skip "python3 is not here to read documents"
"$AJ_SENSORS" "$PWD/sys" 40 5 >ready &
sensors=$!
until grep -q ready ready; do sleep 0.02; done

# of EXPRESSION: true when it holds for the newest run `r`, its meter `m`, its figures `f`, its zones `z` by name
of() {
    checks=$((checks + 1))
    python3 - "$1" 2>python.err <<'PY' || problem "not so: $1 $(tail -n 1 python.err)"
import json, math, sys
r = json.loads(open("run.json").read())
m, f = json.loads(r["record"])["meter"], {}
for figure in r["figures"]:
    f.setdefault(figure["quantity"], {})[figure["part"]] = figure
z = {zone["source"] + "/" + zone["name"]: zone for zone in m["zones"] if zone["role"] == "counted"}
near = lambda a, b, relative=1e-9: math.isclose(a, b, rel_tol=relative, abs_tol=1e-12)
total = lambda key: sum(v[key] for v in z.values() if v[key] is not None)
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}
meter() { run run --sysfs sys --nvml "$AJ_NVML_CARDS" --quiet --json --out run.json "$@"; }

title "a busy command beside another busy one"
sh -c 'while :; do :; done' &
other=$!
meter --zone DE --pue 1.2 --contracts 0.5 --residual 600 --residual-basis lifecycle --basis lifecycle --fee 100 --electricity 0.3 -- sh -c '
    echo mark start >&$AJ_MARK
    echo begin work >&$AJ_MARK; i=0; while [ $i -lt 400000 ]; do i=$((i + 1)); done; echo end work >&$AJ_MARK
    echo flops 4e5 >&$AJ_MARK; echo accuracy 0.75 >&$AJ_MARK; sleep 0.6; exit 3'
exits 3
silent_err
kill $other
seconds='m["sampling"]["duration_seconds"]'
of 'r["exit_status"] == 3 and r["state"] == "failed" and r["kind"] == "command" and near(r["duration_seconds"], m["sampling"]["duration_seconds"], 0.5)'
title "packages, memory and cards are counted, the copy is not"
of 'sorted(v["kind"] for v in z.values()) == ["dram", "dram", "gpu", "gpu", "package", "package"]'
of '[v["name"] for v in m["zones"] if v["role"] == "copy"] == ["package-0"] and sorted(f["energy_joules"]) == sorted(z)'
of "near(z['powercap/package-0']['measured_joules'], 40 * $seconds, 0.15) and near(z['powercap/package-1/dram']['measured_joules'], 5 * $seconds, 0.15)"
of "near(sum(v['measured_joules'] for v in z.values() if v['kind'] == 'gpu'), 260 * $seconds, 0.1)"
of 'all(v["wraps"] <= 1 and v["resets"] == 0 and not v["lower_bound"] for v in z.values())'
title "attributed + idle + others = measured, a domain at a time and together"
of 'all(near(v["attributed_joules"] + v["idle_joules"] + v["others_joules"], v["measured_joules"]) for v in z.values() if v["divided"])'
of 'all(min(v["attributed_joules"], v["idle_joules"], v["others_joules"]) >= 0 for v in z.values() if v["divided"])'
of 'near(m["machine"]["measured_joules"], total("measured_joules"))'
of 'near(m["machine"]["divided_joules"], total("attributed_joules") + total("idle_joules") + total("others_joules"))'
of 'near(m["machine"]["divided_joules"] + m["machine"]["undivided_joules"], m["machine"]["measured_joules"])'
of 'near(m["run_joules"]["value"], sum(v["value"] for v in f["energy_joules"].values()))'
packages='[v for v in z.values() if v["kind"] == "package"]' # steady power: the share of joules is that of CPU time
of "abs(sum(v['attributed_joules'] for v in $packages) / sum(v['measured_joules'] for v in $packages) - m['machine']['tree_cpu_seconds'] / m['machine']['busy_cpu_seconds']) < 0.2"
of '0 < m["machine"]["tree_cpu_seconds"] < m["machine"]["busy_cpu_seconds"]'
title "prices of it"
of 'near(f["location_kilograms_co2e"][None]["value"], m["run_joules"]["value"] * 1.2 * m["carbon"]["factor"]["kilograms_co2e_per_joule"])'
of 'm["carbon"]["factor"]["basis"] == "lifecycle" and near(f["market_kilograms_co2e"][None]["value"], m["run_joules"]["value"] * 1.2 * 0.5 * 600e-3 / 3.6e6)'
of 'near(f["carbon_fee"][None]["value"], 0.1 * f["location_kilograms_co2e"][None]["value"]) and f["carbon_fee"][None]["source"] == "given on the command line"'
of 'near(f["cost"]["electricity"]["value"], m["run_joules"]["value"] * 1.2 * 0.3 / 3.6e6)'
of 'near(f["device_seconds"][None]["value"], 2 * r["duration_seconds"])'
title "marks"
of 'f["flops"][None]["value"] == 4e5 and f["accuracy_ratio"][None]["value"] == 0.75 and m["marks"]["marks"] == 5 and m["marks"]["ignored"] == 0'
of 'any(p["name"] == "work" and p["times"] == 1 and p["duration_seconds"] > 0 and p["measured_joules"] > 0 for p in m["phases"])'
title "what measuring took"
of '0 < m["overhead"]["cpu_seconds"] < 1 and 0 < m["overhead"]["opening_seconds"] < 1 and m["overhead"]["resident_bytes"] > 0'

title "carbon by the hour, weighted by the joules of the trace: as reprice has it"
python3 -c '
import time
start = int(time.time()) - 60
print("timestamp,gco2_kwh")
for second in range(start, start + 600, 2):
    print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second)) + "," + str(100 + 700 * (second // 2 % 2)))' >hours.csv
meter --hourly hours.csv --pue 1.1 --basis direct -- sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; sleep 2.5'
exits 0
silent_err
of 'm["carbon"]["factor"]["name"] == "hourly file" and 100 <= m["carbon"]["factor"]["kilograms_co2e_per_joule"] * 3.6e9 <= 800'
uid=$(python3 -c 'import json; print(json.load(open("run.json"))["uid"])')
run ledger reprice "$uid" --hourly hours.csv --pue 1.1 --basis direct --json
exits 0
cp stdout repriced
checks=$((checks + 1))
python3 -c '
import json, math, sys
before = [f for f in json.load(open("run.json"))["figures"] if f["quantity"] == "location_kilograms_co2e"][0]["value"]
after = [f for f in json.load(open("repriced"))[0]["figures"] if f["quantity"] == "location_kilograms_co2e"][0]["value"]
sys.exit(not math.isclose(after, before, rel_tol=1e-9))' || problem "reprice has another figure than the run"

title "a command that does nothing on a busy machine has next to nothing; on an idle one idle is kept apart"
meter --idle-watts 60 --idle-watts package-0/dram=4 -- sleep 1
exits 0
of 'near(z["powercap/package-0"]["idle_watts"], 30) and z["powercap/package-0"]["idle_origin"] == "assumed" and z["powercap/package-0/dram"]["idle_watts"] == 4 and z["powercap/package-1/dram"]["idle_watts"] == 0'
of 'near(z["powercap/package-0"]["idle_joules"], 30 * m["sampling"]["duration_seconds"], 0.15)'
meter --idle-watts nowhere=3 -- true
exits 0

title "a machine whose processes cannot be followed: said, whole, measured"
mkdir noproc
meter --procfs noproc -- true
exits 0
of 'm["undivided"] is not None and f["energy_joules"]["powercap/package-0"]["origin"] == "measured" and m["machine"]["divided_joules"] == 0'

title "sensors that go away while the command runs"
run run --sysfs sys --nvml libnone.so --source powercap --json --out run.json -- sh -c 'mv sys gone; sleep 0.5; mv gone sys'
exits 0
of 'm["sampling"]["gap_seconds"] > 0.2 or sum(v["gaps"] for v in z.values()) == 0' # files that stay open are not lost
kill $sensors
wait $sensors 2>/dev/null

title "a machine without sensors: a model, never 0 joules without an interval"
mkdir none
run run --sysfs none --nvml libnone.so --quiet --json --out run.json --zone FR -- sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done'
exits 0
of 'm["run_joules"]["value"] > 0 and m["run_joules"]["origin"] != "measured" and m["run_joules"]["low"] < m["run_joules"]["value"] < m["run_joules"]["high"]'
of 'all("model" in v["source"] for v in f["energy_joules"].values()) and all(v["low"] <= v["value"] <= v["high"] for v in f["energy_joules"].values())'
of 'm["carbon"]["factor"]["spread_ratio"] is not None'
interval='lambda g, e, spread: near(g["low"], max(0, g["value"] * (1 - math.hypot(1 - e["low"] / e["value"], 1.9599639845400545 * spread)))) and near(g["high"], g["value"] * (1 + math.hypot(e["high"] / e["value"] - 1, 1.9599639845400545 * spread)))'
of "($interval)(f['location_kilograms_co2e'][None], m['run_joules'], m['carbon']['factor']['spread_ratio'])"
of "($interval)(f['carbon_fee'][None], m['run_joules'], m['carbon']['factor']['spread_ratio']) and ($interval)(f['cost']['electricity'], m['run_joules'], 0)"
of 'f["cost"]["electricity"]["low"] < f["cost"]["electricity"]["value"] < f["cost"]["electricity"]["high"]'
run run --sysfs none --nvml libnone.so --quiet --json --out run.json -- sleep 1.5
of 'm["run_joules"]["high"] > 0'
run run --sysfs none --nvml libnone.so -- true
err_has 'modelled, no sensor: assumed shape, four machines'
