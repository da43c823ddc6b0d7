needs_fixture
title "list"
run data list
exits 0
silent_err
narrow
out_has '^fashion-mnist '
out_has '^mnist '
cp stdout listed
run data
same_files stdout listed
run data list --json
json_out

title "show"
run data show "$data"
exits 0
out_has '^150 samples of 4 x 4 = 16 numbers$'
out_has '^class 3: [0-9]+ samples$'
run data show "$data" --split train --json
json_out
out_has '"samples": 400'

title "known names are looked for in --data-root first, then in AJ_DATA"
mkdir -p root/mnist
cp "$data"/* root/mnist/
run data show mnist --data-root root
exits 0
out_has '^mnist, test split, from root/mnist'
AJ_DATA=$PWD/root run data show mnist
out_has '^150 samples'
run data show mnist
exits 1
one_sentence
