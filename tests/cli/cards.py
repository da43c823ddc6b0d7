"""Runs as `aj run` leaves them (docs/formats/run.md), for the cases of `aj report`: one training on a server with two
sockets, memory and two graphics cards, a search over a grid of nine trainings, a nested run, a bare one.

python3 cards.py > runs.jsonl
"""
import base64
import json
import zlib

ENERGY, START = "energy_joules", 1769817600.0


def figure(quantity, value, **more):
    return {"quantity": quantity, "value": value, **more}


def zone(source, name, kind, role, measured, parts=None, **more):
    out = {"source": source, "name": name, "kind": kind, "role": role, "parent": None, "file": "", "status": "OK", "message": "",
           "measured_joules": measured, "low_joules": measured, "high_joules": measured, "origin": "measured",
           "lower_bound": False, "divided": parts is not None, "samples": 600, "wraps": 0, "resets": 0, "gaps": 0,
           "gap_seconds": 0.0, "idle_watts": None, "idle_origin": None, "attributed_joules": None, "idle_joules": None,
           "others_joules": None}
    if parts:
        out.update(attributed_joules=parts[0], idle_joules=parts[1], others_joules=parts[2], idle_watts=10.0, idle_origin="assumed")
    out.update(more)
    return out


def estimate(value, stddev=None, origin="assumed"):
    return {"value": value, "stddev": stddev, "origin": origin}


def trace(uid):
    zones = [{"source": "powercap", "name": f"package-{i}", "kind": "package", "role": "counted", "parent": None,
              "origin": "measured", "error_ratio": 0} for i in range(2)]
    lines = [{"attojoule_trace": 1, "uid": uid, "started_unix_seconds": START, "host": "n1", "tool": "attojoule 0.1.0", "zones": zones}]
    for s in range(0, 61):
        power = 60 + 40 * (s > 20)
        joules = 60 * min(s, 20) + 100 * max(0, s - 20)
        lines.append({"seconds": float(s), "joules": [joules, joules / 2], "attributed_joules": [joules * 0.5, joules * 0.2],
                      "idle_joules": [joules * 0.2, joules * 0.1]})
        if s and s % 20 == 0:
            lines.append({"seconds": float(s), "mark": f"epoch {s // 20} of 3"})
            lines.append({"seconds": float(s), "mark": "flops 1e12"})
            lines.append({"seconds": float(s), "mark": f"accuracy {0.6 + 0.1 * s / 20:.2f}"})
    lines.append({"seconds": 60.0, "end": {}})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def run(uid, kind="command", **more):
    out = {"attojoule_run": 1, "uid": uid, "kind": kind, "state": "finished", "started_unix_seconds": START,
           "duration_seconds": 60.0, "host": "n1", "user": "ada", "project": None, "round": None, "parent": None,
           "command_line": "python3 train.py", "tool": "attojoule 0.1.0", "exit_status": 0, "tags": [], "figures": [], "record": None,
           "samples": []}
    out.update(more)
    return out


def server():
    uid = "a" * 32
    zones = [zone("powercap", "package-0", "package", "counted", 2500.0, (1750.0, 500.0, 250.0)),
             zone("powercap", "package-0/core", "core", "part", 1800.0, (1300.0, 300.0, 200.0)),
             zone("powercap", "package-1", "package", "counted", 1250.0, (375.0, 125.0, 750.0)),
             zone("powercap", "dram", "dram", "counted", 250.0, (175.0, 50.0, 25.0), wraps=2),
             zone("nvml", "GPU 0", "gpu", "counted", 9000.0, low_joules=8500.0, high_joules=9500.0),
             zone("nvml", "GPU 1", "gpu", "counted", 3000.0, low_joules=2800.0, high_joules=3200.0, lower_bound=True, gaps=1,
                  gap_seconds=3.0)]
    run_joules, pue, factor = 1750.0 + 375.0 + 175.0 + 12000.0, 1.56, 56e-3 / 3.6e6
    kilograms = run_joules * pue * factor
    meter = {
        "attojoule_meter": 1, "run_joules": {"value": run_joules, "low": 13600.0, "high": 15000.0, "origin": "modelled"}, "no_energy": None,
        "undivided": None, "no_carbon": None, "followed": "process 123 and what it starts",
        "remarks": ["powercap/dram and nvml/GPU 0 wrapped in the same second."],
        "machine": {"measured_joules": 16000.0, "low_joules": 15300.0, "high_joules": 16700.0, "origin": "measured", "lower_bound": True,
                    "covers": ["package", "dram", "gpu"], "divided_joules": 4000.0, "attributed_joules": 2300.0,
                    "idle_joules": 675.0, "others_joules": 1025.0, "undivided_joules": 12000.0, "platform_joules": 21000.0,
                    "tree_cpu_seconds": 118.2, "busy_cpu_seconds": 171.0},
        "zones": zones,
        "sampling": {"hertz": 10.0, "samples": 600, "duration_seconds": 60.0, "suspended_seconds": 0.0, "gap_seconds": 3.0,
                     "longest_gap_seconds": 3.0, "coverage_ratio": 0.95},
        "overhead": {"opening_seconds": 0.003, "cpu_seconds": 0.04, "core_ratio": 0.00067, "resident_bytes": 5000000},
        "marks": None,
        "phases": [{"name": "load", "times": 1, "open": False, "duration_seconds": 4.0, "measured_joules": 600.0, "low_joules": 580.0,
                    "high_joules": 620.0, "attributed_joules": 90.0, "origin": "measured", "flops": None},
                   {"name": "epoch", "times": 3, "open": False, "duration_seconds": 56.0, "measured_joules": 15400.0,
                    "low_joules": 14700.0, "high_joules": 16100.0, "attributed_joules": 2210.0, "origin": "measured", "flops": 3e12}],
        "carbon": {"convention": "attojoule", "power_usage_effectiveness": pue, "pue_source": "survey average of 2024 for an unknown site",
                   "facility_joules": estimate(run_joules * pue),
                   "factor": {"zone": "FRA", "name": "France", "kilograms_co2e_per_joule": factor, "spread_ratio": 0.2, "basis": "lifecycle",
                              "year": 2023, "series": None, "source": "Ember", "licence": "CC BY 4.0", "table": "zones-ember"},
                   "label": "location-based (lifecycle of the power plants: not scope 2)",
                   "location_kilograms_co2e": estimate(kilograms), "market_kilograms_co2e": estimate(0.75 * kilograms),
                   "contract_ratio": 0.25, "residual_known": False, "residual_kilograms_co2e_per_joule": None,
                   "offsets_kilograms_co2e": 0.5, "electricity_dollars": estimate(0.12 * run_joules * pue / 3.6e6),
                   "fee_dollars": estimate(kilograms * 0.015), "fee_on": "location", "notes": []}}
    parts = [("powercap/package-0", 1750.0, 1747.0, 1753.0, "modelled"), ("powercap/package-1", 375.0, 374.0, 376.0, "modelled"),
             ("powercap/dram", 175.0, 174.0, 176.0, "modelled"), ("nvml/GPU 0", 9000.0, 8500.0, 9500.0, "measured"),
             ("nvml/GPU 1", 3000.0, 2800.0, 3200.0, "measured")]
    table = "1aa398f48ac7dbf83d7df2678579fb30b46e1f4f2659a5fa0fffa16736cedb2e"
    figures = [figure(ENERGY, v, part=p, low=lo, high=hi, origin=o, source=p.split("/")[0]) for p, v, lo, hi, o in parts]
    figures += [figure("location_kilograms_co2e", kilograms, low=0.6 * kilograms, high=1.4 * kilograms, origin="assumed",
                       source="FRA (lifecycle): Ember", version="2023", sha256=table),
                figure("market_kilograms_co2e", 0.75 * kilograms, origin="assumed",
                       source="FRA, no residual mix: the grid's own factor (lifecycle): Ember", version="2023", sha256=table),
                figure("cost", 0.12 * run_joules * pue / 3.6e6, part="electricity", unit="USD", origin="assumed", source="Strubell 2019", version="2018"),
                figure("carbon_fee", kilograms * 0.015, unit="USD", origin="assumed", source="Microsoft 2019"),
                figure("flops", 3e12, origin="assumed", source="said by the program"),
                figure("device_seconds", 120.0, origin="modelled", source="time x cards of the machine"),
                figure("accuracy_ratio", 0.9, origin="measured", source="said by the program")]
    raw = trace(uid)
    return run(uid, project="light", round="one", figures=figures, record=json.dumps({"meter": meter}),
               command_line="python3 train.py --lr 0.1 --name 'big run'", tags=["night"],
               trace={"bytes": len(raw), "zlib_base64": base64.b64encode(zlib.compress(raw)).decode()})


def search():
    """Accuracy = 0.70 + 0.05 (learning rate) + 0.01 (width): shares of the variance 25/26 and 1/26."""
    for i in range(9):
        rate, width = (0.001, 0.01, 0.1)[i // 3], (64, 128, 256)[i % 3]
        yield run(f"{i:032x}", kind="search_trial", project="grid", round="r", started_unix_seconds=START + i,
                  command_line=f"python3 train.py --lr {rate} --seed=3 {width}", tags=[f"width={width}"],
                  figures=[figure(ENERGY, 100.0 + i, low=90.0 + i, high=110.0 + i, origin="modelled", source="powercap"),
                           figure("accuracy_ratio", round(0.70 + 0.05 * (i // 3) + 0.01 * (i % 3), 9), origin="measured")])


def others():
    yield run("b" * 32, project="light", round="one", parent="a" * 32, started_unix_seconds=START + 1,
              command_line="nvidia-smi", figures=[figure(ENERGY, 77.0, origin="measured", source="nvml")])
    yield run("c" * 32, state="interrupted", exit_status=143, command_line="sleep 5", duration_seconds=None,
              figures=[figure(ENERGY, None, origin="assumed", source="not known: no sensor")])
    yield run("d" * 32, project="=cmd|'/C calc'!A1", command_line="=1+1 <script>alert(1)</script> \\input{x} $(rm) `x` | & % # _ ^ [a](b)",
              host="<b>n</b>", user="@ada", tags=["-x", "+y"], figures=[figure(ENERGY, 1.0, part="=a|b", origin="measured", source="\\a_b")])


for line in (server(), *search(), *others()):
    print(json.dumps(line, ensure_ascii=False))
