# Signals that are sent to aj run reach the command, and it never becomes an orphan.
mkdir none
cat >catch.sh <<'SH'
trap 'echo HUP >>got' HUP
trap 'echo INT >>got' INT
trap 'echo QUIT >>got' QUIT
trap 'echo TERM >>got' TERM
trap 'echo USR1 >>got' USR1
trap 'echo USR2 >>got' USR2
trap 'echo ALRM >>got' ALRM
trap 'echo CONT >>got' CONT
echo $$ >pid
while [ ! -e stop ]; do sleep 0.02; done
exit 42
SH
# begin SCRIPT: in the background of a shell without job control SIGINT and SIGQUIT are ignored; python3 undoes that
begin() {
    rm -f pid got stop
    line="aj run -- sh $1"
    python3 -c 'import os, signal, sys
for number in (signal.SIGINT, signal.SIGQUIT): signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$AJ" run --quiet --sysfs none --nvml libnone.so --source powercap -- sh "$1" >stdout 2>stderr &
    meter_pid=$!
    until [ -s pid ]; do sleep 0.02; done
    pid=$(cat pid)
}
end() {
    status=0
    wait $meter_pid 2>/dev/null || status=$?
}
command -v python3 >/dev/null || skip "python3 is not here to undo ignored signals"

title "what is sent to aj alone is passed on, once"
begin catch.sh
for name in HUP INT QUIT TERM USR1 USR2 ALRM CONT; do
    kill -$name $meter_pid
    until grep -qs $name got; do sleep 0.02; done
done
: >stop
end
exits 42
printf '%s\n' HUP INT QUIT TERM USR1 USR2 ALRM CONT >wanted
same_files wanted got

title "a command that ends by the signal: 128 + n, and nothing is left"
cat >plain.sh <<'SH'
echo $$ >pid
while :; do sleep 0.02; done
SH
for pair in HUP:1 INT:2 QUIT:3 TERM:15; do
    name=${pair%:*}
    begin plain.sh
    kill -$name $meter_pid
    end
    exits $((128 + ${pair#*:}))
    [ ! -d "/proc/$pid" ] || problem "the command lives on after $name"
done

title "a command that ends in its own time after SIGTERM keeps its own status"
cat >slow.sh <<'SH'
trap 'sleep 0.3; echo saved >saved; exit 9' TERM
echo $$ >pid
while :; do sleep 0.02; done
SH
begin slow.sh
kill -TERM $meter_pid
end
exits 9
[ -s saved ] || problem "it was not left to end"

title "a signal at any time of the start is not lost"
for pause in 0 0.001 0.002 0.004 0.008; do
    "$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- sleep 30 &
    meter_pid=$!
    sleep $pause
    kill -TERM $meter_pid
    end
    exits 143
done

title "a command that signals its parent does not mean itself"
run run --quiet --no-ledger --sysfs none --nvml libnone.so -- sh -c 'kill -USR1 $PPID; sleep 0.1; exit 3'
exits 3

title "a closed standard error is no reason to lose the status"
status=0
"$AJ" run --no-ledger --sysfs none --nvml libnone.so -- sh -c 'exit 8' 2>&- || status=$?
exits 8
mkfifo pipe
(exec 3<pipe) &
status=0
"$AJ" run --no-ledger --sysfs none --nvml libnone.so -- sh -c 'sleep 0.2; exit 8' 2>pipe || status=$?
exits 8
wait
