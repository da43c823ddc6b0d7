# A real training in PyTorch, metered without sensors and on a simulated server, and its card in every format.
torch=
for python in python3 /usr/bin/python3; do
    [ -n "$torch" ] || ! "$python" -c 'import torch' 2>/dev/null || torch=$python
done
[ -n "$torch" ] || skip "PyTorch is not installed"
needs_fixture
cat >train.py <<'PYTHON'
"""A dense network on the pictures of the fixture; FLOPs: 2 a MAC forward, twice that backward."""
import sys
import torch
import attojoule

rate, folder = float(sys.argv[sys.argv.index("--lr") + 1]), sys.argv[-1]
torch.manual_seed(1)
torch.set_num_threads(1)


def load(name):
    with attojoule.meter("load"):
        raw = [open(f"{folder}/{name}-{kind}-ubyte", "rb").read() for kind in ("images-idx3", "labels-idx1")]
        y = torch.tensor(list(raw[1][8:]))
        return torch.tensor(list(raw[0][16:]), dtype=torch.float32).reshape(len(y), -1) / 255, y


x, y = load("train")
xt, yt = load("t10k")
net = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Linear(64, 4))
step = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
attojoule.epoch(0, 4)
for k in range(1, 5):
    with attojoule.meter("training"):
        for _ in range(10):
            for i in range(0, len(x), 20):
                step.zero_grad()
                torch.nn.functional.cross_entropy(net(x[i:i + 20]), y[i:i + 20]).backward()
                step.step()
    attojoule.flops(10 * len(x) * 6 * (16 * 64 + 64 * 4))
    attojoule.accuracy((net(xt).argmax(1) == yt).double().mean().item())
    attojoule.epoch(k, 4)
PYTHON
PYTHONPATH=$AJ_SOURCE_DIR/python
export PYTHONPATH

# of EXPRESSION: true when it holds for the first card c of the document on stdout and the account a
of() {
    checks=$((checks + 1))
    "$torch" - "$1" 2>python.err <<'PY' || problem "not so: $1 $(tail -n 1 python.err)"
import json, math, sys
d = json.load(open("stdout"))
c, a = d["cards"][0], d["account"]
near = lambda x, y, rel=1e-9: math.isclose(x, y, rel_tol=rel)
def row(card, key, **more):
    found = [r for r in card["rows"] if r["key"] == key and all(r[k] == v for k, v in more.items())]
    assert len(found) == 1, (key, found)
    return found[0]
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}
every_format() {
    for format in table csv json markdown latex html; do
        run report "$@" --format $format
        exits 0
        silent_err
        out_has 'train.py'
    done
    grep -q 'class="line l1"' stdout || problem "the page has no power over time"
}

title "without sensors: assumed, and said so"
mkdir empty
for rate in 0.001 0.01 0.1; do
    run run --sysfs empty --nvml libnone.so --zone FR --project torch --round rates --quiet -- "$torch" train.py --lr $rate "$data"
    exits 0
done
every_format last
run report last --format json --target 0.6
of 'row(c, "energy_joules", sum=True)["origin"] == "assumed" and row(c, "energy_joules", sum=True)["high"] > row(c, "energy_joules", sum=True)["low"]'
of 'c["domains"] and all(z["adds_up"] for z in c["domains"]) and c["domains_together"]["adds_up"]'
of 'row(c, "flops")["value"] == 4 * 10 * 400 * 6 * (16 * 64 + 64 * 4) and row(c, "accuracy_ratio")["value"] > 0.6'
of 'row(c, "flops_to_target")["value"] <= row(c, "flops")["value"] and row(c, "joules_to_target")["value"] > 0'
of 'near(row(c, "flops_per_joule")["value"] * row(c, "energy_joules", sum=True)["value"], row(c, "flops")["value"])'
of '{p["name"]: p["times"] for p in c["phases"]} == {"load": 2, "training": 4}'
of '"not scope 2" in row(c, "location_kilograms_co2e")["label"] and row(a, "n_trials")["value"] == 3'
of 'row(a, "design")["text"].endswith("lr (3)") and row(a, "variance_share_ratio")["note"].startswith("every run has a value of its own")'

title "on a server with two sockets and two cards: measured"
"$AJ_SENSORS" "$PWD/sys" 40 5 >ready &
sensors=$!
until grep -q ready ready; do sleep 0.02; done
run run --sysfs sys --nvml "$AJ_NVML_CARDS" --zone DE --project server --quiet -- "$torch" train.py --lr 0.1 "$data"
exits 0
kill $sensors
every_format last --project server
run report last --project server --format json
of 'sorted(z["kind"] for z in c["domains"] if z["counted"]) == ["dram", "dram", "gpu", "gpu", "package", "package"]'
of 'all(near(z["attributed_joules"] + z["idle_joules"] + z["others_joules"], z["measured_joules"]) for z in c["domains"] if z["divided"])'
of 'all(z["origin"] == "measured" for z in c["domains"] if z["counted"])'
of 'near(row(c, "energy_joules", sum=True)["value"], c["domains_together"]["attributed_joules"] + c["domains_together"]["undivided_joules"])'
of 'row(c, "covers")["text"] == "package, dram, gpu"'
