#!/bin/sh
# demo.sh AJ FOLDER: from nothing to a report: train a small network, put its multiplications on light, compare.
set -eu
aj=$1
out=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$out"
model="$out/fashion-small.onnx"

echo "1/4  training 784-100-100-10 on Fashion-MNIST"
# status 3 only says that the spec's target accuracy was missed; the network is written all the same
"$aj" train "$here/train/fashion-small.yaml" --out "$model" || [ $? -eq 3 ]

echo
echo "2/4  its accuracy when every multiplication is interfering pulses of light, 0.01 to 100 photons per MAC"
rm -f "$out/sweep.jsonl"
"$aj" sweep "$model" --data fashion-mnist --on homodyne --vary photons_per_mac=0.01:100:log:17 --trials 5 --batch 64 \
    --out "$out/sweep.jsonl" --figure "$out/sweep.svg"

echo
echo "3/4  what it costs with real parts, and on a 45 nm digital chip"
# words of 32 bits between layers on both sides: the comparison is then of the multiplication, not of the number format
"$aj" eval "$model" --data fashion-mnist --on homodyne-parts --set photons_per_mac=20 --set weight_bits=32 \
    --set activation_bits=32 --trials 5 --batch 64 --json --out "$out/parts.json"
"$aj" eval "$model" --data fashion-mnist --on digital-45nm --batch 64 --json --out "$out/digital.json"
"$aj" eval "$model" --data fashion-mnist --on landauer --batch 64 --json --out "$out/landauer.json"

echo
echo "4/4  the report"
"$aj" report "$out/sweep.jsonl" "$out/parts.json" "$out/digital.json" "$out/landauer.json" --format html --out "$out/report.html"
echo "open $out/report.html"
