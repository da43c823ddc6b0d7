needs_fixture
title "what a network costs on this machine"
run bench "$model" --seconds 0.05 --no-ledger
exits 0
narrow
out_has '^a call, median +[0-9]'
out_has '^inferences per second +[0-9]'
run bench "$model" --seconds 0.05 --chunk 32 --no-ledger --json --quiet
exits 0
json_out
out_has '"samples_per_call": 32'
out_has '"percentile_99": [0-9]'

title "the run goes into the ledger with its FLOPs"
run bench "$model" --seconds 0.05 --ledger own.db --project light --quiet
exits 0
run ledger list --ledger own.db --json
exits 0
out_has '"flops"'

title "a file that is no network, and a chunk of nothing"
run bench missing.onnx
exits 1
err_has 'missing.onnx'
run bench "$model" --chunk 0
exits 2
