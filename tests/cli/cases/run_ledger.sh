# aj run and the ledger: found before the start, one entry at the start, nothing twice.
mkdir none
meter() { run run --sysfs none --nvml libnone.so --source powercap "$@"; }

title "an entry at the start, completed at the end"
cat >look.sh <<'SH'
"$AJ" ledger export --last 1 >during
SH
export AJ
meter --quiet --project p -- sh -c 'sleep 1; sh look.sh'
exits 0
packed <during >packed && mv packed during
grep -q '"state":"running"' during || problem "there was no entry: $(cat during)"
grep -q '"project":"p"' during || problem "it did not name its project"
runs >after
[ "$(wc -l <after)" -eq 1 ] || problem "one entry was expected"
grep -q '"state":"finished"' after || problem "it was not completed: $(cat after)"

title "a ledger that cannot be written: said before the start, the run goes on, the next ledger takes it in"
mkdir folder.db
meter --ledger folder.db -- sh -c 'echo started >&2; exit 5'
exits 5
first=$(head -n 1 stderr)
case $first in aj:*folder.db*spill*) ;; *) problem "the first line was: $first" ;; esac
grep -n started stderr | grep -q '^2:' || problem "the command was not the second to speak"
rmdir folder.db
run ledger list --ledger folder.db
err_has '1 runs of a spill file'
out_has 'command +failed'
meter --quiet --ledger plain-file/x.db -- true # a path that cannot be
exits 0
err_has 'plain-file/x.db'

title "no-ledger writes nothing"
before=$(runs | wc -l)
meter --quiet --no-ledger -- true
[ "$(runs | wc -l)" -eq "$before" ] || problem "an entry was made"
nothing_left none look.sh during after folder.db folder.db-shm folder.db-wal

title "a run inside a run is not counted twice"
meter --quiet --project nested -- "$AJ" run --quiet --sysfs none --nvml libnone.so --project nested -- sh -c 'echo $AJ_RUN >inner'
exits 0
runs --project nested >nested
[ "$(wc -l <nested)" -eq 2 ] || problem "two entries were expected"
inner=$(cat inner)
outer=$(sed -n "s/.*\"uid\":\"$inner\".*\"parent\":\"\([0-9a-f]*\)\".*/\1/p" nested)
grep -q "\"uid\":\"$outer\".*\"parent\":null" nested || problem "$inner is not inside $outer"
run ledger account --project nested
out_has '^project +1 '

title "a killed meter: the command lives on, the entry and the trace stay"
cat >long.sh <<'SH'
echo $$ >pid
echo mark\ one >&$AJ_MARK
sleep 2.5
echo done >lived
SH
mkdir -p sys
"$AJ_SENSORS" "$PWD/sys" 40 5 >ready &
sensors=$!
until grep -q ready ready; do sleep 0.02; done
"$AJ" run --quiet --sysfs sys --nvml libnone.so --ledger killed.db -- sh long.sh &
meter_pid=$!
until [ -s pid ]; do sleep 0.02; done
sleep 1.6
kill -KILL $meter_pid
wait $meter_pid 2>killed
[ -d "/proc/$(cat pid)" ] || problem "the command did not live on"
until [ -s lived ]; do sleep 0.05; done
runs --ledger killed.db >entry
grep -q '"state":"running"' entry || problem "the entry is not there: $(cat entry)"
uid=$(sed -n 's/.*"uid":"\([0-9a-f]*\)".*/\1/p' entry)
[ -s "killed.db.$uid.trace" ] || problem "the trace is not there"
grep -q "killed.db.$uid.trace" entry || problem "the entry does not say where the trace is"
[ "$(grep -c '"joules"' "killed.db.$uid.trace")" -ge 2 ] || problem "the trace is empty: $(cat "killed.db.$uid.trace")"
grep -q '"mark": *"mark one"' "killed.db.$uid.trace" || problem "the mark is not in the trace"
[ "$(stat -c %a "killed.db.$uid.trace")" = 600 ] || problem "others can read the trace"

title "the trace of a run that ended is in the ledger, and its file is gone"
run run --quiet --sysfs sys --nvml libnone.so --ledger ended.db -- sh -c 'echo mark two >&$AJ_MARK; sleep 0.2'
exits 0
runs --samples --ledger ended.db | grep -q '"trace":{"bytes":[1-9]' || problem "there is no trace"
for file in ended.db.*.trace; do [ ! -e "$file" ] || problem "$file was left behind"; done
run run --quiet --sysfs sys --nvml libnone.so --ledger ended.db --trace kept.jsonl -- sleep 0.1
[ -s kept.jsonl ] || problem "--trace was not written"
run run --quiet --sysfs sys --nvml libnone.so --no-ledger --trace kept.jsonl -- sh -c 'exit 6'
exits 6 # never overwritten, and no reason not to run
err_has 'kept.jsonl'
kill $sensors
wait $sensors 2>/dev/null
