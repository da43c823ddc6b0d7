needs_fixture
# interrupted FILE LINES ARGUMENTS...: the command is sent SIGTERM when FILE has that many lines
interrupted() {
    file=$1
    lines=$2
    shift 2
    line="aj $* (interrupted)"
    "$AJ" "$@" >stdout 2>stderr </dev/null &
    process=$!
    tries=0
    while [ "$(cat "$file" 2>/dev/null | wc -l)" -lt "$lines" ] && [ $tries -lt 600 ] && kill -0 $process 2>/dev/null; do
        sleep 0.05
        tries=$((tries + 1))
    done
    kill -TERM $process 2>/dev/null
    status=0
    wait $process || status=$?
}

title "a sweep keeps its finished points"
interrupted long.jsonl 3 sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=0.1:10:log:400 --trials 100 \
    --threads 1 --out long.jsonl --quiet
exits 1
one_sentence
err_has 'interrupted: [0-9]+ of 400 points are kept in long\.jsonl; run the same command again'
silent_out
checks=$((checks + 1))
[ "$(tail -c 1 long.jsonl | wc -l)" -eq 1 ] || problem "the last line is torn"
checks=$((checks + 1))
kept=$(sed -n 's/.*interrupted: \([0-9]*\) of.*/\1/p' stderr)
[ "$kept" = "$(wc -l <long.jsonl)" ] || problem "says $kept, keeps $(wc -l <long.jsonl)"

title "a sweep without a file keeps nothing, and says what would"
interrupted stdout 2 sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=0.1:10:log:400 --trials 100 \
    --threads 1 --json --quiet
exits 1
one_sentence
err_has 'interrupted: nothing was kept; --out FILE\.jsonl would'

title "an evaluation stops inside its only point"
(sleep 1 && echo >clock) & # the signal comes after a second
interrupted clock 1 eval "$model" --data "$data" --on homodyne --trials 60000 --threads 1 --out result.txt --quiet
exits 1
one_sentence
err_has 'interrupted: .*nothing was written'
absent result.txt

title "a comparison stops inside a row"
rm -f clock
(sleep 0.5 && echo >clock) &
interrupted clock 1 compare "$model" --data "$data" --split train --on homodyne,homodyne-parts --trials 10000 --threads 1 --out result.txt \
    --figure front.svg --quiet
exits 1
one_sentence
err_has 'interrupted: .*nothing was written'
absent result.txt
absent front.svg

title "a training writes no network"
sed 's/^epochs: .*/epochs: 100000/' "$AJ_CLI_FIXTURE/spec.yaml" >long.yaml
interrupted stdout 5 train long.yaml --out net.onnx --quiet
exits 1
one_sentence
err_has 'interrupted: no network was written'
absent net.onnx

title "a signal that the caller ignores stays ignored"
status=0
line="aj eval (signal ignored)"
(
    trap '' TERM
    "$AJ" eval "$model" --data "$data" --on homodyne --trials 10000 --threads 1 --quiet >stdout 2>stderr &
    process=$!
    sleep 0.2
    kill -TERM $process
    wait $process
) || status=$?
exits 0
silent_err
