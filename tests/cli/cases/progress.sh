needs_fixture
sweep="sweep $model --data $data --on homodyne --vary photons_per_mac=0.1:10:log:60 --trials 60 --threads 1"

title "on a terminal: a bar that is taken off at the end"
command -v script >/dev/null || skip "script is not installed"
script -q -c true /dev/null >/dev/null 2>&1 || skip "no terminal can be opened here"
script -qec "stty cols 90; '$AJ' $sweep >out" typescript >/dev/null 2>&1 </dev/null || true
tr '\r' '\n' <typescript >stdout
: >stderr
line="aj sweep on a terminal"
out_has '^\[[#.]{20}\] .* left'
checks=$((checks + 2))
awk '{ gsub(/\033\[K/, ""); if (/^\[/ && length($0) > 90) bad = 1 } END { exit bad }' stdout || problem "a progress line is too wide"
tail -c 60 typescript | grep -q 'left' && problem "the progress line stays" || true

title "elsewhere: plain lines; silent with --quiet"
# shellcheck disable=SC2086
run $sweep
exits 0
checks=$((checks + 1))
! grep -q "$(printf '\r')" stderr || problem "a bar in a file"
# shellcheck disable=SC2086
run $sweep --quiet
exits 0
silent_err
