# A command that marks its epochs, metered, stored with its trace, and priced again.
command -v python3 >/dev/null || skip "python3 is not installed: the documents cannot be compared"
[ -e "/proc/$$/task/$$/children" ] || skip "this kernel does not list the children of a process"
XDG_DATA_HOME=$PWD/xdg
export XDG_DATA_HOME
zone=sys/class/powercap/intel-rapl:0
mkdir -p $zone
echo package-0 >$zone/name
echo 262143328850 >$zone/max_energy_range_uj
echo 1000000 >$zone/energy_uj
# One write of the same width a step: a reader never sees half a number.
(
    i=1
    while [ $i -lt 3000 ]; do
        printf '%d\n' $((1000000 + i * 2000)) 1<>$zone/energy_uj
        i=$((i + 1))
        sleep 0.01
    done
) &
writer=$!

title "marks from the package and from a shell, epochs, a trace"
cat >train.py <<'PYTHON'
import subprocess, time
import attojoule
attojoule.epoch(0, 5)
for k in (1, 2):
    with attojoule.meter("training") as m:
        until = time.time() + 0.5
        while time.time() < until:
            pass
        attojoule.flops(1e9)
    attojoule.epoch(k, 5)
assert m.energy_joules != m.energy_joules  # the report has them
attojoule.mark("no such # word is needed")
subprocess.run(["true"], check=True)  # the pipe is not for children that close it
PYTHON
PYTHONPATH=$AJ_SOURCE_DIR/python PYTHONDONTWRITEBYTECODE=1 "$AJ" run --zone FR --pue 1.3 --sysfs sys --source powercap -- python3 train.py \
    >stdout 2>stderr
status=$?
line='aj run -- python3 train.py'
kill $writer 2>/dev/null
exits 0
silent_out
uid=$("$AJ" ledger list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["uid"])')
"$AJ" ledger export --samples >runs.jsonl
checks=$((checks + 1))
python3 - <<'PYTHON' || problem "the trace or the record is not what the program said"
import base64, json, zlib
run = json.loads(open("runs.jsonl").readline())
trace = [json.loads(line) for line in zlib.decompress(base64.b64decode(run["trace"]["zlib_base64"])).splitlines()]
assert trace[0]["attojoule_trace"] == 1 and trace[0]["uid"] == run["uid"] and "end" in trace[-1]
marks = [line["mark"] for line in trace if "mark" in line]
epoch = ["begin training", "flops 1000000000", "end training"]
assert marks == ["epoch 0 of 5"] + epoch + ["epoch 1 of 5"] + epoch + ["epoch 2 of 5", "mark no such # word is needed"], marks
meter = json.loads(run["record"])["meter"]
phases = {phase["name"]: phase for phase in meter["phases"]}
assert phases["training"]["times"] == 2 and phases["training"]["flops"] == 2e9
assert 0 < phases["training"]["measured_joules"] <= meter["machine"]["measured_joules"]
assert meter["marks"]["predicted_joules"]["total"] == 5
PYTHON

title "the same place and hour: the prices that the run got itself"
run ledger reprice "$uid" --zone FR --pue 1.3 --json
exits 0
checks=$((checks + 1))
python3 - <<'PYTHON' || problem "the figures differ from those of the run"
import json
run = json.loads(open("runs.jsonl").readline())
priced = json.load(open("stdout"))[0]
old = {(f["quantity"], f["part"]): f for f in run["figures"]}
joules = sum(f["value"] for f in run["figures"] if f["quantity"] == "energy_joules")
assert joules > 0 and abs(priced["energy_joules"] / joules - 1) < 1e-12
assert len(priced["figures"]) == 4
for f in priced["figures"]:
    own = old[f["quantity"], f["part"]]
    for key in ("value", "low", "high"):
        assert (f[key] is None) == (own[key] is None), (f, own)
        assert f[key] is None or abs(f[key] - own[key]) <= 1e-9 * own["value"], (f, own)
    assert abs(f["before"] - own["value"]) <= 1e-12 * own["value"] and f["origin"] == own["origin"], (f, own)
    assert f["sha256"] == own["sha256"] and f["version"] == own["version"], (f, own)
PYTHON
