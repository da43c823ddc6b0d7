needs_fixture
XDG_DATA_HOME=$PWD/xdg
export XDG_DATA_HOME

# compiles FILE.tex: where there is a LaTeX, the text is taken in by a document without packages
compiles() {
    command -v pdflatex >/dev/null || return 0
    checks=$((checks + 1))
    printf '\\documentclass{article}\n\\begin{document}\n\\input{%s}\n\\end{document}\n' "$1" >whole.tex
    pdflatex -interaction=nonstopmode -halt-on-error whole.tex >tex.log 2>&1 || {
        problem "pdflatex refuses $1"
        grep -A3 '^!' tex.log
    }
}

title "evaluations as LaTeX"
"$AJ" eval "$model" --data "$data" --on homodyne --trials 2 --json --quiet >eval.json
"$AJ" sweep "$model" --data "$data" --on homodyne --vary photons_per_mac=1:10:log:3 --quiet --out sweep.jsonl >/dev/null
run report sweep.jsonl eval.json --per-layer --explain --title 'rates_of 100% & \more' --out evaluations.tex
exits 0
silent_err
compiles evaluations.tex
run report eval.json --format latex
exits 0
out_has '^\\begin\{tabular\}'
out_lacks 'rule'
