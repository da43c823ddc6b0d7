title "unknown command"
run evl
refused 2 "unknown command 'evl'; the nearest is 'eval'"
run frobnicate
refused 2 "unknown command 'frobnicate'; 'aj --help'"

title "unknown options"
run eval net.onnx --trails 3
refused 2 "unknown option --trails; the nearest is --trials"
run eval --frobnicate
refused 2 "unknown option --frobnicate; 'aj help eval'"
run --thread 2 eval
refused 2 'nearest is --threads'
run eval -x
refused 2 'unknown option -x'

title "values"
run eval net.onnx --trials
refused 2 '^aj: --trials needs a value: --trials N'
run eval net.onnx --data --on homodyne
refused 2 '^aj: --data needs a value'
for value in 0 -1 1.5 1e3 x '' 99999999999999999999; do
    run eval net.onnx --data d --trials "$value"
    exits 2
    one_sentence
    err_has '^aj: --trials (takes a whole number from 1 to|needs)'
done
run eval net.onnx --mode fast
refused 2 "^aj: --mode takes latency|throughput, not 'fast'"
run eval net.onnx --isa=sse2
refused 2 "^aj: --isa takes avx512|avx2|scalar, not 'sse2'"
run eval net.onnx --scale nan
refused 2 '^aj: --scale: takes a number'
run --quiet=yes data list
refused 2 '^aj: --quiet takes no value'
run eval net.onnx --data d --on homodyne --set photons
refused 1 'net.onnx'

title "operands"
run eval
refused 2 'eval needs more: aj eval MODEL.onnx --data SET'
run eval a.onnx b.onnx --data d
refused 2 "'b.onnx' is one operand too many"
run eval a.onnx
refused 2 'eval needs --data SET'
run sweep a.onnx --data d --vary x=1,2
refused 2 'sweep needs --on HW'
run sweep a.onnx --data d --on homodyne
refused 2 'sweep needs --vary'
run hardware lst
refused 2 "nearest is 'list'"
run hardware show
refused 2 'hardware show takes 1 operand'
run hardware diff a
refused 2 'hardware diff takes 2 operands'
run data shw x
refused 2 "data takes 'list' or 'show SET'"
run report
refused 2 'report needs files'
run --json
refused 2 'name a command'

title "after -- everything is an operand"
run data show -- --weird
refused 1 'weird'

title "options may stand anywhere, with = or without"
run --json data list
exits 0
cp stdout first
run data --json list
same_files stdout first
run data list --data-root=/nowhere --json --quiet
same_files stdout first
nothing_left first
