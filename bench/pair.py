#!/usr/bin/python3
"""Times two programs in turn, A B A B ..., and prints the ratio of their rates.

Each side is a command that prints "ready" and then, for every line "N" on its standard input, does its work N times and
prints the seconds it took.  The sides take turns in short blocks, so that a drift of the machine's speed hits both.

usage: pair.py LABEL UNITS_PER_CALL 'COMMAND A' 'COMMAND B' [SECONDS]
"""
import os
import shlex
import statistics
import subprocess
import sys
import time


class Side:
    def __init__(self, command):
        environment = dict(os.environ)
        # A debugging aid of the environment must not slow a peer down.
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
            environment.pop(name, None)
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
        raise SystemExit(f"did not start: {command}")

    def seconds(self, calls):
        time.sleep(0.05)  # threads of the other side may go on spinning for a while after their work
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def calls_for(self, seconds):
        calls = 1
        while self.seconds(calls) < seconds and calls < 1 << 24:
            calls *= 2
        return calls


def main():
    label, units = sys.argv[1], float(sys.argv[2])
    sides = [Side(sys.argv[3]), Side(sys.argv[4])]
    total = float(sys.argv[5]) if len(sys.argv) > 5 else 6.0
    blocks = 21
    calls = [side.calls_for(total / blocks / 2) for side in sides]
    times, ratios = ([], []), []
    for _ in range(blocks):
        pair = [side.seconds(n) / n for side, n in zip(sides, calls)]
        for kept, value in zip(times, pair):
            kept.append(value)
        ratios.append(pair[1] / pair[0])
    best = [min(kept) for kept in times]
    print(f"{label:<52} ours {units / best[0]:>11.4g}/s  peer {units / best[1]:>11.4g}/s  "
          f"ratio of minima {best[1] / best[0]:.2f}  median {statistics.median(ratios):.2f}  "
          f"load {os.getloadavg()[0]:.2f}")


main()
