needs_fixture
# Relu from x [N][w] to y, opset 13
printf '\010\007\022\000:B\012\017\012\001x\022\001y\032\001r"\004Relu\022\001gZ\025\012\001x\022\020\012\016\010\001\022\012\012\003\022\001N\012\003\022\001wb\025\012\001y\022\020\012\016\010\001\022\012\012\003\022\001N\012\003\022\001wB\004\012\000\020\015' >open.onnx

title "open dimensions"
run inspect open.onnx
refused 1 'dimension 1 of input "x" is open.*"w".*"x:1"'
run inspect open.onnx --dim w=16
exits 0
out_has '^r +Relu +0 +16 '
run inspect open.onnx --dim x:1=3 --json
exits 0
out_has '"input_features": 3'
run inspect open.onnx --dim w=0
refused 2 'NAME=SIZE'
run inspect open.onnx --dim w
refused 2 'NAME=SIZE'
run inspect open.onnx --dim other=3
refused 1 '"other"'

title "the data say how large they are"
run eval open.onnx --data "$data" --no-ledger --dim w=15
refused 1 '16'
run bench open.onnx --dim w=8 --seconds 0.01 --no-ledger
exits 0

title "a limit for memory"
run bench "$model" --memory 1kB --no-ledger
refused 1 'the limit is 1e-06 GB'
run bench "$model" --memory 1GiB --seconds 0.01 --no-ledger
exits 0
run bench "$model" --memory plenty --no-ledger
refused 2 'such as 4GB'
