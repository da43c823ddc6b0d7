"""golden.py FILE WANTED: the same text, numbers within 1e-6 of one another; lines of dashes may differ in length."""
import re
import sys

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def tokens(path):
    text = open(path, encoding="utf-8").read()
    text = re.sub(r"attojoule \d+\.\d+\.\d+", "attojoule VERSION", text)
    text = re.sub(r"─+", "─", text)
    return NUMBER.split(text), [float(n) for n in NUMBER.findall(text)]


words, numbers = tokens(sys.argv[1])
wanted_words, wanted = tokens(sys.argv[2])
for i, (one, other) in enumerate(zip(words, wanted_words)):
    if one.split() != other.split():
        sys.exit(f"words differ before number {i}: {one!r}, want {other!r}")
if len(words) != len(wanted_words):
    sys.exit(f"{len(numbers)} numbers, want {len(wanted)}")
for i, (one, other) in enumerate(zip(numbers, wanted)):
    if abs(one - other) > 1e-6 * abs(other):
        sys.exit(f"number {i}: {one!r}, want {other!r} (after {words[i][-40:]!r})")
