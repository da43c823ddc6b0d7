# [slow] Networks of several inputs: an encoder of the kind of BERT as PyTorch exports it, its inputs by name.
python=/usr/bin/python3
"$python" -W ignore "$AJ_SOURCE_DIR/tests/tools/export_bert.py" . >export.out 2>&1 || {
    [ $? -eq 77 ] && skip "$(cat export.out)"
    problem "the export fails: $(tail -n 1 export.out)"
}
inputs=token_type_ids=token_type_ids.npy,input_ids=input_ids.npy,attention_mask=attention_mask.npy

title "what is in it"
run inspect bert.onnx --dim sequence=9 --on homodyne
exits 0
out_has '^/layers.1/attention/MatMul +MatMul +9 x 8 x 9 in 2 groups +1296 '
out_has '^/layers.1/attention/query/MatMul +homodyne '
out_has 'runs digitally: /layers.0/attention/MatMul'
run inspect bert.onnx
refused 1 'open; give a size to "sequence"'

title "the classes that PyTorch finds"
run eval bert.onnx --data "$inputs:labels.npy" --no-ledger --json
exits 0
json_out
out_has '"clean_accuracy_ratio": 1,'
out_has '"macs_per_inference": 42352'

title "on light"
run eval bert.onnx --data "$inputs:labels.npy" --on homodyne --set photons_per_mac=1e6 --trials 3 --dynamic analog --no-ledger --json
exits 0
out_has '"digital_fallback": \[\]'
out_has '"mean": 1,'

title "without labels: the outputs"
run eval bert.onnx --data "$inputs" --outputs out.npy --no-ledger
exits 0
"$python" -c 'import numpy as np
a, b = np.load("out.npy"), np.load("logits.npy")
assert a.shape == b.shape and abs(a - b).max() <= 1e-4 * abs(b).max(), abs(a - b).max()' || problem "other outputs than PyTorch's"
checks=$((checks + 1))

title "what does not fit"
run eval bert.onnx --data input_ids=input_ids.npy:labels.npy --no-ledger
refused 1 'input "attention_mask" has no file'
run eval bert.onnx --data "$inputs,more=input_ids.npy" --no-ledger
refused 1 'no input "more"'
run eval bert.onnx --data input_ids.npy --no-ledger
refused 2 '3 inputs; .*input_ids=FILE.npy,attention_mask=FILE.npy,'
run eval bert.onnx --data "$inputs" --scale 2 --no-ledger
refused 1 'taken as they are'
