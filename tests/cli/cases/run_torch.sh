# [slow] A real training in PyTorch under aj run, on a simulated server with two sockets and two cards, and without a sensor.
python=/usr/bin/python3
"$python" -c 'import torch' 2>/dev/null || skip "$python has no torch (Debian: python3-torch)"
train=$AJ_SOURCE_DIR/tests/cli/train_torch.py
PYTHONPATH=$AJ_SOURCE_DIR/python
export PYTHONPATH
unset OPENBLAS_CORETYPE

# of EXPRESSION: true when it holds for the run `r`, its meter `m`, its figures `f` by quantity
of() {
    checks=$((checks + 1))
    "$python" - "$1" 2>python.err <<'PY' || problem "not so: $1 $(tail -n 1 python.err)"
import json, math, sys
r = json.loads(open("run.json").read())
m, f = json.loads(r["record"])["meter"], {}
for figure in r["figures"]:
    f.setdefault(figure["quantity"], []).append(figure)
p = {phase["name"]: phase for phase in m["phases"]}
near = lambda a, b, relative=1e-9: math.isclose(a, b, rel_tol=relative, abs_tol=1e-12)
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}

title "without aj"
"$python" -W ignore "$train" >direct || problem "the training itself fails"

account() {
    exits 0
    cp stdout metered
    same_files direct metered
    of 'r["state"] == "finished" and r["project"] == "torch" and "train_torch.py" in r["command_line"]'
    of 'f["flops"][0]["value"] == 4 * 6 * 4000 * (64 * 256 + 256 * 2) and f["accuracy_ratio"][0]["value"] > 0.9'
    of 'm["marks"]["epoch"] == 4 and m["marks"]["epochs"] == 4 and m["marks"]["ignored"] == 0'
    of 'p["train"]["times"] == 4 and p["test"]["times"] == 4 and p["train"]["duration_seconds"] > p["test"]["duration_seconds"]'
    of 'all(near(z["attributed_joules"] + z["idle_joules"] + z["others_joules"], z["measured_joules"]) and min(z["attributed_joules"], z["idle_joules"], z["others_joules"]) >= 0 for z in m["zones"] if z["divided"] and z["role"] == "counted")'
    of 'near(m["machine"]["attributed_joules"] + m["machine"]["undivided_joules"], m["run_joules"]["value"]) and m["run_joules"]["value"] > 0'
    of 'near(f["location_kilograms_co2e"][0]["value"], m["run_joules"]["value"] * m["carbon"]["power_usage_effectiveness"] * m["carbon"]["factor"]["kilograms_co2e_per_joule"])'
    of '0 < m["machine"]["tree_cpu_seconds"] <= m["machine"]["busy_cpu_seconds"] + 0.05'
    of 'm["sampling"]["coverage_ratio"] > 0.5'
}

title "a server with two sockets and two cards"
"$AJ_SENSORS" "$PWD/sys" 40 5 >ready &
sensors=$!
until grep -q ready ready; do sleep 0.02; done
run run --zone FR --project torch --sysfs sys --nvml "$AJ_NVML_CARDS" --out run.json -- "$python" -W ignore "$train"
account
err_has 'J modelled, .* W on average; the machine used .* this run'
err_has 'CO2e location-based, .* market-based \(France'
of 'sorted(z["kind"] for z in m["zones"] if z["role"] == "counted") == ["dram", "dram", "gpu", "gpu", "package", "package"]'
of 'near(m["machine"]["measured_joules"], (2 * 45 + 260) * m["sampling"]["duration_seconds"], 0.15)'
of 'm["machine"]["origin"] == "measured" and m["run_joules"]["origin"] == "modelled"'
kill $sensors
wait $sensors 2>/dev/null

title "a machine without sensors"
mkdir none
run run --zone FR --project torch --sysfs none --nvml libnone.so --out run.json -- "$python" -W ignore "$train"
account
of 'm["run_joules"]["origin"] != "measured" and m["run_joules"]["low"] < m["run_joules"]["value"] < m["run_joules"]["high"]'
err_has 'modelled, no sensor: assumed shape, four machines'
run ledger account --project torch
out_has '^project +2 '
