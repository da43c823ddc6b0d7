#!/usr/bin/python3
"""What `aj run` costs: bench_run.py AJ [train N [COMMAND...]].

Without more: the start and the end of a command, paired (`true` with and without, in turn, with an existing ledger), and
the CPU time of measuring at 10 samples a second beside a command that works and one that sleeps. With `train`: N pairs
of a training in PyTorch (or COMMAND) with and without, in turn, the ratio of their times with its 95 % interval.
"""
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Two-sided 95 % quantiles of Student's distribution, by degrees of freedom (Abramowitz and Stegun, table 26.10).
STUDENT = {4: 2.776, 9: 2.262, 19: 2.093, 39: 2.023, 199: 1.972}


def seconds(command, environment=None):
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)
    return time.perf_counter() - begun


def interval(values):
    """Mean and half of its interval."""
    n = len(values)
    quantile = STUDENT.get(n - 1) or 1.96 + 2.5 / (n - 1)
    return statistics.mean(values), quantile * statistics.stdev(values) / math.sqrt(n)


def start(aj, ledger):
    command = [aj, "run", "--quiet", "--ledger", ledger, "--", "/bin/true"]
    stamp = [aj, "run", "--quiet", "--ledger", ledger, "--", "/bin/date", "+%s.%N"]
    seconds(command)  # the ledger exists from here on
    whole, started = [], []
    for _ in range(200):
        bare = seconds(["/bin/true"])
        whole.append(seconds(command) - bare)
        begun = time.time()
        with_aj = float(subprocess.run(stamp, capture_output=True, check=True).stdout) - begun
        begun = time.time()
        without = float(subprocess.run(stamp[-2:], capture_output=True, check=True).stdout) - begun
        started.append(with_aj - without)
    for what, values in (("until the command runs", started), ("in all, the entry in the ledger included", whole)):
        mean, half = interval(values)
        print(f"aj run adds, {what}: median {statistics.median(values) * 1e3:.2f} ms, mean {mean * 1e3:.2f} ± "
              f"{half * 1e3:.2f} ms (200 pairs, load {os.getloadavg()[0]:.2f})")


def cost(aj, ledger):
    for what, command in (("sleeps", ["/bin/sleep", "20"]),
                          ("works", ["/usr/bin/timeout", "20", "/bin/sh", "-c", "while :; do :; done"])):
        with tempfile.NamedTemporaryFile() as out:
            subprocess.run([aj, "run", "--quiet", "--ledger", ledger, "--out", out.name, "--", *command], check=False)
            overhead = json.loads(json.load(open(out.name))["record"])["meter"]["overhead"]
        print(f"beside a command that {what} for 20 s: {overhead['core_ratio'] * 100:.3f} % of a core, start and end "
              f"included ({overhead['cpu_seconds'] * 1e3:.1f} ms), {overhead['resident_bytes'] / 1e6:.1f} MB resident")


def train(aj, ledger, pairs, command):
    if not command:
        here = os.path.dirname(os.path.abspath(__file__))
        command = ["/usr/bin/python3", "-W", "ignore", os.path.join(here, "../tests/cli/train_torch.py"), "20"]
        os.environ["PYTHONPATH"] = os.path.join(here, "../python")
    os.environ.pop("OPENBLAS_CORETYPE", None)
    metered = [aj, "run", "--quiet", "--ledger", ledger, "--", *command]
    ratios = []
    for i in range(pairs):
        sides = (command, metered) if i % 2 == 0 else (metered, command)
        times = {id(side): seconds(side) for side in sides}
        ratios.append(times[id(metered)] / times[id(command)])
    mean, half = interval(ratios)
    print(f"a training under aj run / without, {pairs} pairs: {mean:.4f} ± {half:.4f} (median "
          f"{statistics.median(ratios):.4f}, load {os.getloadavg()[0]:.2f})")


def main():
    aj = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        ledger = os.path.join(folder, "ledger.db")
        if sys.argv[2:3] == ["train"]:
            train(aj, ledger, int(sys.argv[3]), sys.argv[4:])
        else:
            start(aj, ledger)
            cost(aj, ledger)


main()
