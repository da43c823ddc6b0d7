# lib.sh: the words of the cases. `run` keeps exit status, stdout and stderr; the checks below look at them.
failures=0
checks=0
title='(no title)'

title() { title=$1; }
skip() {
    echo "SKIP: $1"
    exit 77
}

# run ARGUMENTS...: the command with these arguments
run() {
    line="aj $*"
    status=0
    "$AJ" "$@" >stdout 2>stderr </dev/null || status=$?
}

problem() {
    failures=$((failures + 1))
    echo "FAILED: $title: $line"
    echo "  $1"
    [ ! -s stdout ] || sed 's/^/  stdout| /' stdout | head -n 30
    [ ! -s stderr ] || sed 's/^/  stderr| /' stderr | head -n 10
}

exits() {
    checks=$((checks + 1))
    [ "$status" -eq "$1" ] || problem "exit status $status, want $1"
}
# Extended regular expressions, searched line by line.
out_has() {
    checks=$((checks + 1))
    grep -Eq -- "$1" stdout || problem "no line of stdout matches $1"
}
out_lacks() {
    checks=$((checks + 1))
    ! grep -Eq -- "$1" stdout || problem "a line of stdout matches $1"
}
err_has() {
    checks=$((checks + 1))
    grep -Eq -- "$1" stderr || problem "no line of stderr matches $1"
}
silent_out() {
    checks=$((checks + 1))
    [ ! -s stdout ] || problem "stdout should be empty"
}
silent_err() {
    checks=$((checks + 1))
    [ ! -s stderr ] || problem "stderr should be empty"
}
# One sentence: a single line that begins with the command's name.
one_sentence() {
    checks=$((checks + 1))
    [ "$(wc -l <stderr)" -eq 1 ] && grep -q '^aj: ' stderr || problem "stderr should be one sentence after 'aj: '"
}
# A command that is refused: status, one sentence that matches, nothing on stdout.
refused() {
    exits "$1"
    one_sentence
    err_has "$2"
    silent_out
}
narrow() { # every line fits a terminal of 100 columns
    checks=$((checks + 1))
    awk '{ gsub(/[\200-\277]/, ""); if (length($0) > 100) { bad = 1 } } END { exit bad }' stdout || problem "a line is wider than 100 columns"
}
same_files() {
    checks=$((checks + 1))
    cmp -s "$1" "$2" || {
        problem "$1 and $2 differ"
        diff "$1" "$2" | head -n 6
    }
}
absent() {
    checks=$((checks + 1))
    [ ! -e "$1" ] || problem "$1 should not exist"
}
# The folder holds nothing but what the harness and the arguments name.
nothing_left() {
    checks=$((checks + 1))
    for file in * .[!.]*; do
        [ -e "$file" ] || continue
        known=no
        for name in stdout stderr "$@"; do [ "$file" != "$name" ] || known=yes; done
        [ $known = yes ] || problem "$file was left behind"
    done
}
# The document on stdout is JSON (where python3 is there to say so).
json_out() {
    checks=$((checks + 1))
    command -v python3 >/dev/null || return 0
    python3 -c 'import json, sys; json.load(sys.stdin, parse_constant=lambda c: sys.exit(c))' <stdout 2>/dev/null ||
        problem "stdout is not one JSON document"
}
# Results without what may differ from call to call: how long it took and what it used.
without_measured() {
    if command -v python3 >/dev/null; then
        python3 -c '
import json, sys
for line in ([sys.stdin.read()] if sys.argv[1] == "document" else sys.stdin):
    d = json.loads(line); d.pop("measured", None); print(json.dumps(d, sort_keys=True))' "$1"
    else
        sed -e 's/"measured".*//'
    fi
}

# The runs of the ledger, one a line, without spaces after separators.
packed() { sed 's/": /":/g; s/, \(["{[]\)/,\1/g'; }
runs() { "$AJ" ledger export "$@" | packed; }

report() {
    echo "$checks checks, $failures failures"
    [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ] || exit 1
}

model=$AJ_CLI_FIXTURE/net.onnx
data=$AJ_CLI_FIXTURE/data
needs_fixture() { [ -s "$model" ] || skip "the fixture was not made"; }
