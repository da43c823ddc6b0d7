#!/bin/sh
# run.sh BUILD_DIR: every speed figure as a ratio, both sides in one run. Peers that are not installed are named and left out.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
bin="$build/bench"
work="$build/bench-work"
mkdir -p "$work"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE || true
side="$bin/side_attojoule"
python=/usr/bin/python3
pair() { "$python" "$here/pair.py" "$@" || echo "$1: not compared"; }

echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
for widths in 784,100,10 784,1000,1000,10 784,100,100,10; do
    "$side" make $widths "$work/$(echo $widths | tr , -).onnx"
done
published=${AJ_TEST_DATA:-$here/../../shared/data}/models/wang2022-mnist-784-100-100-10.onnx
[ -f "$published" ] || published="$work/784-100-100-10.onnx"

echo; echo "== kernels"
"$bin/bench_kernels"

echo; echo "== crossbars against the clean network"
"$bin/bench_crossbar_read"

echo; echo "== wires of a crossbar, solved once an array"
"$bin/bench_crossbar"

echo; echo "== exact inference against ONNX Runtime"
if command -v npm >/dev/null 2>&1; then
    mkdir -p "$work/node"
    export AJ_BENCH_NODE="$work/node"
    [ -d "$work/node/node_modules/onnxruntime-node" ] ||
        (cd "$work/node" && npm init -y >/dev/null && npm i --ignore-scripts onnxruntime-node >/dev/null 2>&1)
    for threads in 1 2; do
        pair "an empty awaited call (peer) $threads thread" 1 "$side clean $work/784-100-10.onnx 1 $threads" \
            "node $here/peer_ort.mjs empty 1 $threads" 2
        pair "784-100-10 batch 1, $threads thread" 1 "$side clean $work/784-100-10.onnx 1 $threads" \
            "node $here/peer_ort.mjs $work/784-100-10.onnx 1 $threads" 3
        pair "784-100-10 batch 128, $threads thread" 128 "$side clean $work/784-100-10.onnx 128 $threads" \
            "node $here/peer_ort.mjs $work/784-100-10.onnx 128 $threads"
        pair "784-1000-1000-10 batch 1000, $threads thread" 1000 "$side clean $work/784-1000-1000-10.onnx 1000 $threads" \
            "node $here/peer_ort.mjs $work/784-1000-1000-10.onnx 1000 $threads" 10
    done
    if "$python" "$here/../tests/tools/export_torch.py" "$work" bench >/dev/null 2>&1; then
        resnet=${AJ_TEST_DATA:-$here/../../shared/data}/models/resnet8-cifar10.onnx
        for threads in 1 2; do
            for batch in 1 128; do
                for net in lenet,1x28x28 lstm64,64x64 transformer,128x256; do
                    file="$work/${net%,*}.onnx"
                    pair "${net%,*} batch $batch, $threads thread" $batch "$side clean $file $batch $threads" \
                        "node $here/peer_ort.mjs $file $batch $threads ${net#*,}"
                done
                [ -f "$resnet" ] && pair "resnet8 batch $batch, $threads thread" $batch "$side clean $resnet $batch $threads" \
                    "node $here/peer_ort.mjs $resnet $batch $threads 3x32x32"
            done
        done
    else
        echo "python3-torch is not installed: no convolutional, recurrent or attention networks were compared"
    fi
else
    echo "npm is not installed: ONNX Runtime was not compared"
fi

echo; echo "== a read on homodyne against the clean network (ratio = time of the read / time of clean)"
for threads in 1 2; do
    pair "784-1000-1000-10 batch 1000, $threads thread" 1000 "$side clean $work/784-1000-1000-10.onnx 1000 $threads" \
        "$side read $work/784-1000-1000-10.onnx homodyne 1000 $threads"
    pair "784-100-10 batch 128, $threads thread" 128 "$side clean $work/784-100-10.onnx 128 $threads" \
        "$side read $work/784-100-10.onnx homodyne 128 $threads"
done

echo; echo "== noisy reading of the published network, batch 1000, against the same noise by hand in PyTorch"
if $python -c 'import torch, onnx' 2>/dev/null; then
    for threads in 1 2; do
        pair "homodyne at 1 photon/MAC, $threads thread" 1000 "$side read $published homodyne 1000 $threads" \
            "$python $here/peer_torch_read.py $published 1000 $threads 1"
        pair "clean, $threads thread" 1000 "$side clean $published 1000 $threads" \
            "$python $here/peer_torch_read.py $published 1000 $threads 0"
    done
else
    echo "python3-torch or python3-onnx is not installed: PyTorch was not compared"
fi

echo; echo "== training"
[ -x "$bin/bench_train" ] && "$bin/bench_train" "$here" && "$bin/bench_train" "$here" lenet || echo "bench_train is not built"

echo; echo "== the meter"
"$bin/bench_meter" 10 "$build/tests/stub/nvml_stub_full.so"

echo; echo "== start: aj --help, 200 starts"
$python - "$build/src/cli/aj" <<'PY'
import subprocess, sys, time
times = []
for _ in range(200):
    t = time.perf_counter()
    subprocess.run([sys.argv[1], "--help"], stdout=subprocess.DEVNULL)
    times.append(time.perf_counter() - t)
base = []
for _ in range(200):
    t = time.perf_counter()
    subprocess.run(["/bin/true"])
    base.append(time.perf_counter() - t)
times.sort(); base.sort()
print(f"aj --help: median {times[100]*1e3:.2f} ms, of which starting any program (true) {base[100]*1e3:.2f} ms")
PY

echo; echo "== aj run: what measuring costs"
$python "$here/bench_run.py" "$build/src/cli/aj"
$python -c 'import torch' 2>/dev/null && $python "$here/bench_run.py" "$build/src/cli/aj" train 20 ||
    echo "python3-torch is not installed: no training was measured"
