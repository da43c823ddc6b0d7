# aj run changes nothing of the command that it meters.
mkdir none
meter() { run run --sysfs none --nvml libnone.so --source powercap "$@"; }

title "exit statuses are the command's own, as a shell has them"
for status_of in 0 1 7 125 255; do
    meter --quiet -- sh -c "exit $status_of"
    exits $status_of
    silent_err
done
for number in 1 2 3 6 9 13 14 15; do
    meter --quiet -- sh -c "ulimit -c 0; kill -$number \$\$"
    exits $((128 + number))
done
meter -- nothing-of-this-name
refused 127 'nothing-of-this-name: command not found'
meter -- ./nothing/here
refused 127 'nothing/here: cannot be run'
: >plain
meter -- ./plain
refused 126 'plain: cannot be run'
meter -- "$PWD"
refused 126 'cannot be run'
[ "$(runs | grep -c nothing-of)" -eq 0 ] || problem "a command that never ran is in the ledger"

title "arguments, input and output pass through byte for byte"
cat >arguments.sh <<'SH'
for one in "$@"; do printf '<%s>\n' "$one"; done
SH
set -- --json -- --help -h '' ' ' "it's" '"' '*' '$HOME' 'a
b' "$(printf '\001\377')" --zone=FR -- -x
sh arguments.sh "$@" >direct
meter --quiet -- sh arguments.sh "$@"
exits 0
cp stdout metered
same_files direct metered
head -c 300000 /dev/urandom >bytes
"$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- cat <bytes >copied 2>errors
cp errors stderr
same_files bytes copied
silent_err
"$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- sh -c 'cat >&2' <bytes 2>copied >stdout
same_files bytes copied
silent_out

title "signals, files and environment of the command are those without aj"
state() { grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; }
"$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >metered
state >direct
same_files direct metered
(
    trap '' HUP INT PIPE USR1
    state >direct
    "$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >metered
)
same_files direct metered
if command -v python3 >/dev/null; then # a shell cannot ignore SIGCHLD
    ignore='import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])'
    python3 -c "$ignore" grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >direct
    python3 -c "$ignore" "$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >metered
    same_files direct metered
    status=0
    python3 -c "$ignore" "$AJ" run --quiet --no-ledger --sysfs none --nvml libnone.so -- sh -c 'exit 9' || status=$?
    exits 9
fi
descriptors() { "$@" sh -c 'for fd in /proc/$$/fd/*; do echo "${fd##*/}"; done' | sort -n; }
descriptors env >direct
descriptors "$AJ" run --quiet --sysfs none --nvml libnone.so -- >metered
number=$("$AJ" run --quiet --sysfs none --nvml libnone.so -- sh -c 'echo $AJ_MARK')
grep -vx "$number" metered >others
same_files direct others
case $number in [3-9]) ;; *) problem "AJ_MARK is $number: a shell takes one digit" ;; esac
env | grep -v '^_=' | sort >direct
"$AJ" run --quiet --sysfs none --nvml libnone.so -- env | grep -vE '^(_|AJ_RUN|AJ_MARK|AJ_MARK_PIPE)=' | sort >metered
same_files direct metered

title "the command line: -- is needed, so that no option is taken from the command"
run run sleep 1
refused 2 'aj run \[options\] -- sleep'
run run --zone FR
exits 2
run run --zone FR --
exits 2
run run --learn-idle 0 -- true
exits 2
run run --flops many -- true
exits 2
run run --idle-watts x -- true
refused 2 'idle-watts'

title "no power source: said, missing, never 0"
meter --zone FR -- true
exits 0
silent_out
err_has 'energy is not known: .*powercap'
runs --last 1 >newest
grep -q '"quantity":"energy_joules","part":null,"unit":"J","value":null' newest || problem "the energy is not null: $(cat newest)"
grep -q '"command_line":"true"' newest || problem "the command line is not there"

title "secrets"
meter --quiet --redact -- sh -c 'exit 0' --token abc123
exits 0
runs --last 1 >newest
grep -q abc123 newest && problem "an argument was kept"
grep -q '"sh \[4 arguments left out\]"' newest || problem "the program's name is not there"
SECRET_OF_THE_TEST=xyzzy meter --quiet -- true
grep -q xyzzy "$XDG_DATA_HOME"/attojoule/* && problem "the environment was kept"

title "the document"
meter --quiet --json --out run.json --project p --round r --tag a --tag b --user u --flops 1e9 --accuracy 0.5 -- sh -c 'echo data; exit 3'
exits 3
out_has '^data$'
silent_err
packed <run.json >stdout
json_out
out_has '"project":"p","round":"r"'
out_has '"exit_status":3'
out_has '"state":"failed"'
out_has '"tags":\["a","b"\]'
out_has '"quantity":"flops","part":null,"unit":"FLOP","value":1000000000'
out_has '"quantity":"accuracy_ratio","part":null,"unit":"1","value":0.5'
meter --json -- sh -c 'echo data'
out_has '^data$'
[ "$(wc -l <stderr)" -eq 1 ] || problem "standard error should hold one document"
cp stderr stdout
json_out
meter --json --out no/such/folder/run.json -- sh -c 'exit 4'
exits 4
err_has 'no/such/folder/run.json'
absent no
