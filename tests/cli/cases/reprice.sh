command -v python3 >/dev/null || skip "python3 is not installed: the run with its trace cannot be made"
XDG_DATA_HOME=$PWD/xdg
export XDG_DATA_HOME
uid=00112233445566778899aabbccddeeff
bare=ffeeddccbbaa99887766554433221100

# Two hours from 2026-01-31T00:00Z (1769817600), 1 kWh: all of it in the second hour; 0.1 kWh of others' beside it.
python3 - <<'PYTHON'
import base64, json, zlib
zone = {"source": "powercap", "name": "package-0", "kind": "package", "role": "counted", "parent": None,
        "origin": "measured", "error_ratio": 0}
lines = [{"attojoule_trace": 1, "uid": "00112233445566778899aabbccddeeff", "started_unix_seconds": 1769817600,
          "host": "n1", "tool": "t", "zones": [zone]},
         {"seconds": 0, "joules": [0], "attributed_joules": [0], "idle_joules": [0]},
         {"seconds": 3600, "joules": [360000], "attributed_joules": [0], "idle_joules": [0]},
         {"seconds": 7200, "joules": [3960000], "attributed_joules": [3600000], "idle_joules": [0]},
         {"seconds": 7200, "end": {}}]
trace = "".join(json.dumps(line) + "\n" for line in lines).encode()
def figure(quantity, value, low, high, unit, part=None):
    return {"quantity": quantity, "part": part, "unit": unit, "value": value, "low": low, "high": high,
            "origin": "measured", "source": "powercap", "version": None, "sha256": None}
run = {"attojoule_run": 1, "uid": "00112233445566778899aabbccddeeff", "kind": "training", "state": "finished",
       "started_unix_seconds": 1769817600, "duration_seconds": 7200, "host": "n1", "user": "ada", "project": "light",
       "tool": "t", "exit_status": 0, "tags": [], "record": None, "samples": [],
       "figures": [figure("energy_joules", 3e6, 2.9e6, 3.1e6, "J", "package-0"),
                   figure("energy_joules", 0.6e6, 0.6e6, 0.6e6, "J", "dram"),
                   figure("location_kilograms_co2e", 0.7, None, None, "kg"),
                   figure("cost", 9, None, None, "USD", "rent")],
       "trace": {"bytes": len(trace), "zlib_base64": base64.b64encode(zlib.compress(trace)).decode()}}
with open("runs.jsonl", "w") as file:
    file.write(json.dumps(run) + "\n")
    run["uid"] = "ffeeddccbbaa99887766554433221100"
    del run["trace"]
    file.write(json.dumps(run) + "\n")
with open("hours.csv", "w") as file:
    file.write("timestamp,gco2_kwh\n")
    for hour in range(48):
        grams = 100 + 10 * hour if hour != 20 else 7
        file.write(f"2026-01-{31 if hour < 24 else 1:02d}T{hour % 24:02d}:00Z,{grams}\n".replace("2026-01-01", "2026-02-01"))
with open("flat.csv", "w") as file:
    file.write("timestamp,gco2_kwh\n")
    for hour in range(48):
        file.write(f"2026-01-{31 if hour < 24 else 1:02d}T{hour % 24:02d}:00Z,250\n".replace("2026-01-01", "2026-02-01"))
PYTHON
number_of() { # number_of QUANTITY KEY: of the first run of the document on stdout
    python3 -c '
import json, sys
print(*["%.9g" % f[sys.argv[2]] for f in json.load(open("stdout"))[0]["figures"] if f["quantity"] == sys.argv[1]])' "$1" "$2"
}
is() { # is QUANTITY KEY VALUE
    checks=$((checks + 1))
    found=$(number_of "$1" "$2")
    [ "$found" = "$3" ] || problem "$1 $2 is $found, want $3"
}
run ledger import runs.jsonl
exits 0
"$AJ" ledger export >before.jsonl

title "another zone: printed, not stored"
run ledger reprice 0011 --zone FR --pue 1.2 --basis lifecycle
exits 0
out_has '^run 00112233, 3.6 MJ \[3.5 MJ, 3.7 MJ\], measured'
out_has '^location_kilograms_co2e +0.7 kg, measured +0.0'
out_has '^cost +— +0.144 USD'
err_has 'nothing was changed'
narrow
"$AJ" ledger export >after.jsonl
same_files before.jsonl after.jsonl
run ledger reprice 0011 --zone FR --pue 1.2 --basis lifecycle --json
json_out
silent_err
is location_kilograms_co2e before 0.7
is cost value 0.144
is cost low 0.14
is cost high 0.148
fr=$("$AJ" grid show FR --basis lifecycle --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print("%.9g" % (1.2 * 3.6e6 * d["used"]["kilograms_co2e_per_joule"]))')
is location_kilograms_co2e value "$fr"
out_has '"sha256": "[0-9a-f]{64}"'
out_has '"saved": false'

title "hours weighted by the joules of the trace"
run ledger reprice 0011 --hourly hours.csv --pue 1 --json
is location_kilograms_co2e value 0.11
out_has '"load": "trace"'
run ledger reprice 0011 --hourly hours.csv --pue 1 --hour 2026-01-31T10:30Z --json
is location_kilograms_co2e value 0.215
run ledger reprice 0011 --hourly hours.csv --pue 1
out_has 'priced from 2026-01-31 00:00 UTC, hours weighted by its trace'

title "without a trace the load is constant"
run ledger reprice ffee --hourly hours.csv --pue 1 --json
is location_kilograms_co2e value 0.105
out_has '"load": "constant"'

title "a constant intensity is a yearly factor, at any hour"
for hour in 2026-01-31T00:00Z 2026-01-31T07:13Z 2026-02-01T21:59Z; do
    run ledger reprice 0011 --hourly flat.csv --pue 1.1 --hour $hour --json
    is location_kilograms_co2e value 0.275
done

title "the best hour"
run ledger reprice 0011 --hourly hours.csv --pue 1 --best 40 --json
is location_kilograms_co2e value 0.007
out_has '"start_unix_seconds": 1769886000(\.0)?,'
run ledger reprice 0011 --hourly hours.csv --pue 1 --best 5 --json
is location_kilograms_co2e value 0.11

title "contracts, fee, price of electricity"
run ledger reprice 0011 --zone FR --pue 1 --contracts 0.75 --fee 100 --electricity 0.5 --json
is cost value 0.5
checks=$((checks + 1))
python3 -c '
import json
f = {f["quantity"]: f["value"] for f in json.load(open("stdout"))[0]["figures"]}
assert abs(f["market_kilograms_co2e"] / f["location_kilograms_co2e"] - 0.25) < 1e-9
assert abs(f["carbon_fee"] / f["location_kilograms_co2e"] - 0.1) < 1e-9' || problem "market or fee"

title "saved: carbon and money are replaced, joules and rent stay"
run ledger reprice 0011 --hourly hours.csv --pue 1 --zone FR --save
exits 0
err_has 'saved'
run ledger show 0011
out_has '^energy_joules +package-0 +3 MJ'
out_has '^energy_joules +dram +600 kJ'
out_has '^location_kilograms_co2e +0.11 kg .* FR \(unstated\), PUE'
out_lacks '0.7 kg'
out_has '^cost +rent +9 USD'
out_has '^cost +electricity +0.12 USD'
"$AJ" ledger export --samples | grep -q '"trace"' || problem "the trace is gone"

title "what cannot be priced"
run ledger reprice
refused 2 'needs a UID'
run ledger reprice 0011
refused 2 'needs another price'
run ledger reprice 0011 --zone FR --hour 2026-01-31T00:00Z
refused 2 'need --hourly'
run ledger reprice 0011 --hourly hours.csv --hour yesterday
refused 2 'is no time'
run ledger reprice 0011 --zone Atlantis
refused 1 'Atlantis'
run ledger reprice 0011 --hourly hours.csv --hour 2027-01-31T00:00Z
refused 1 'covers'
run ledger reprice 0011 --hourly none.csv
refused 1 'none.csv'
run ledger reprice 1234 --zone FR
refused 1 'has no run'
run ledger reprice 0011 1234 --zone FR
refused 1 'has no run'
