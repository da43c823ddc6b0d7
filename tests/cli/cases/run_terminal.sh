# aj run on a terminal: Ctrl-C once, Ctrl-Z and fg, one job, a live line that goes away. terminal.py plays the shell.
command -v python3 >/dev/null || skip "python3 is not here to make a terminal"
mkdir none
line="terminal.py $AJ"
: >stdout
: >stderr
"$AJ_SENSORS" "$PWD/sys" 40 5 >ready &
sensors=$!
until grep -q ready ready; do sleep 0.02; done
for part in interrupt stop stop_by_child background live quiet hangup; do
    title "$part"
    checks=$((checks + 1))
    timeout 60 python3 "$AJ_SOURCE_DIR/tests/cli/terminal.py" "$part" "$AJ" >stdout 2>stderr || problem "exit status $?"
done
kill $sensors
wait $sensors 2>/dev/null
