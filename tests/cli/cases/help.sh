title "version"
run --version
exits 0
silent_err
out_has '^aj [0-9]+\.[0-9]+\.[0-9]+$'

title "help of all"
run --help
exits 0
silent_err
narrow
for command in inspect eval sweep train report hardware data; do out_has "^  $command "; done
for option in threads isa data-root out quiet json; do out_has "^  --$option"; done
cp stdout all
run help
exits 0
same_files stdout all

title "help of each command"
for command in inspect eval sweep train report hardware data; do
    run "$command" --help
    exits 0
    silent_err
    out_has "^usage: aj $command "
    out_has '^example:'
    out_has "^  aj $command "
    narrow
    cp stdout one
    run help "$command"
    same_files stdout one
    run --help "$command"
    same_files stdout one
done
run help evl
refused 2 "nearest is 'eval'"
run
exits 2
out_has '^usage: aj COMMAND'

title "help starts no thread and reads no file of ours"
if [ -z "${AJ_SANITIZED:-}" ] && command -v strace >/dev/null && strace -o trace true 2>/dev/null; then
    strace -f -o trace "$AJ" --help >/dev/null
    line="strace aj --help"
    checks=$((checks + 1))
    ! grep -Eq 'clone|/proc/|/sys/' trace || problem "aj --help starts something"
fi

title "hidden options are not shown"
run eval --help
out_lacks '--(chunk|reference|generate)'

title "man pages"
run --generate man
exits 0
out_has '^\.TH AJ 1'
run eval --generate man
exits 0
out_has '^\.TH AJ\\-eval 1'
out_has '^\.SH EXAMPLE'
if command -v man >/dev/null && man --version >/dev/null 2>&1; then
    line="man of eval"
    checks=$((checks + 1))
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l stdout 2>warnings >page || true
    [ ! -s warnings ] || { cat warnings; problem "man warns"; }
    grep -q 'aj inspect\|aj eval' page || problem "the page has no synopsis"
fi

title "completion"
run --generate completion
exits 0
cp stdout completion.bash
if command -v bash >/dev/null; then
    complete() { # words of a line -> what is offered for the last
        bash -c '. ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _aj; echo "${COMPREPLY[@]}"' bash "$@"
    }
    checks=$((checks + 4))
    line="completion"
    [ "$(complete aj ins)" = inspect ] || problem "a command"
    [ "$(complete aj eval --tri)" = --trials ] || problem "an option"
    [ "$(complete aj eval net.onnx --mode t)" = throughput ] || problem "a word of an option"
    case " $(complete aj eval net.onnx --on '') " in *" homodyne "*) ;; *) problem "presets" ;; esac
fi
