needs_fixture
cp "$model" net.onnx
# evaluated NAME ARGUMENTS...: the document without what differs, and the outputs.
evaluated() {
    name=$1
    shift
    run eval net.onnx --data "$data" --json --quiet --outputs "$name.npy" "$@"
    exits 0
    packed <stdout >"$name.json"
}
used() { # of the record
    checks=$((checks + 1))
    tr -d '\n ' <"$1.json" | grep -Fq "$2" || problem "$1.json does not say $2"
}

title "nothing declared: bytes by 1/255, and the record says so"
evaluated plain
used plain '"preprocessing":{"scale":0.00392156862745098,"mean":null,"std":null,"layout":null,"declared_in":null}'

title "the same said out loud changes no bit"
evaluated spoken --scale 1/255 --layout nchw --mean 0 --std 1
same_files plain.npy spoken.npy
used spoken '"mean":[0],"std":[1],"layout":"nchw","declared_in":"commandline"'

title "a file beside the model does what the command line does, and gives way to it"
evaluated options --scale 1/128 --mean 0.5 --std 1/4
printf 'scale: 1/128\nmean: [0.5]\nstd: 0.25\n' >net.yaml
evaluated file
same_files options.npy file.npy
used file '"scale":0.0078125,"mean":[0.5],"std":[0.25],"layout":null,"declared_in":"net.yaml"'
checks=$((checks + 1))
! cmp -s plain.npy file.npy || problem "the file changed nothing"
evaluated both --scale 1/255 --mean 0 --std 1
same_files plain.npy both.npy
used both '"declared_in":"commandline,net.yaml"'
run eval net.onnx --data "$data" --quiet
exits 0
narrow
out_has 'values of samples +times 0\.0078125; minus 0\.5; divided by 0\.25 \(net\.yaml\)'

title "a sweep does not go on with other samples"
run sweep net.onnx --data "$data" --on homodyne --vary photons_per_mac=1,2 --quiet --out sweep.jsonl
exits 0
cp sweep.jsonl before.jsonl
for other in '--scale 1/255' '--mean 0.25' '--std 1' '--layout nchw'; do
    # shellcheck disable=SC2086
    run sweep net.onnx --data "$data" --on homodyne --vary photons_per_mac=1,2 --quiet --out sweep.jsonl $other
    exits 1
    one_sentence
    same_files sweep.jsonl before.jsonl
done
run sweep net.onnx --data "$data" --on homodyne --vary photons_per_mac=1,2 --out sweep.jsonl
exits 0
err_has '2 of 2 points were taken from'

title "refused, with the key"
rm net.yaml
run eval net.onnx --data "$data" --std 0
refused 2 '^aj: --std: value 1 is 0'
run eval net.onnx --data "$data" --mean 1,x
refused 2 '^aj: --mean: takes numbers'
run eval net.onnx --data "$data" --layout chw
refused 2 '^aj: --layout takes nchw\|nhwc'
run eval net.onnx --data "$data" --mean 1,2,3
refused 1 'mean has 3 values, but a sample has 1 channel'
echo 'sclae: 1' >net.yaml
run eval net.onnx --data "$data"
refused 1 'net\.yaml:1: .*sclae'
