needs_fixture
spec=$AJ_CLI_FIXTURE/spec.yaml
title "a line an epoch, and the model"
run train "$spec" --out a.onnx --epochs 3 --quiet
exits 0
silent_err
checks=$((checks + 1))
[ "$(grep -c '^epoch [0-9]*/3  loss ' stdout)" -eq 3 ] || problem "not three lines of epochs"
out_has 'FLOPs of the training'
[ -s a.onnx ] || problem "no model was written"

title "JSON"
run train "$spec" --out a.onnx --epochs 3 --json --quiet
exits 0
checks=$((checks + 1))
[ "$(wc -l <stdout)" -eq 4 ] || problem "not 4 lines"
out_has '"flops_to_target":null'
out_has '"macs_per_inference":240'

title "the target accuracy"
{ cat "$spec"; echo 'target_accuracy_ratio: 0.5'; } >target.yaml
run train target.yaml --out b.onnx --quiet
exits 0
out_has '^FLOPs to the target accuracy 50\.00 %: [0-9.]+ [kMG]FLOP \(epoch'
{ cat "$spec"; echo 'target_accuracy_ratio: 1'; } >target.yaml
run train target.yaml --out c.onnx --epochs 1 --quiet
exits 3
out_has 'not reached in 1 epochs'
[ -s c.onnx ] || problem "no model was written"

title "no place for the model"
run train "$spec"
refused 2 '--out MODEL\.onnx'

title "the seed decides"
run train "$spec" --out d.onnx --epochs 1 --seed 9 --quiet
run train "$spec" --out e.onnx --epochs 1 --quiet
checks=$((checks + 1))
! cmp -s d.onnx e.onnx || problem "seeds 9 and 3 give the same network"
run eval a.onnx --data "$data" --json --quiet
exits 0
