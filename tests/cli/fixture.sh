#!/bin/sh
# fixture.sh: 400 + 150 grey pictures of 4 x 4 pixels in 4 classes (which quarter is bright), as IDX files, and a network
# trained on them. Everything follows from the seeds below.
set -eu
rm -rf "$AJ_CLI_FIXTURE"
mkdir -p "$AJ_CLI_FIXTURE/data"
cd "$AJ_CLI_FIXTURE"
XDG_DATA_HOME=$AJ_CLI_FIXTURE/xdg # the training is metered: not into the user's ledger
export XDG_DATA_HOME

# idx SEED COUNT IMAGES LABELS: printf turns the octal escapes into bytes, zero included.
idx() {
    awk -v seed="$1" -v n="$2" -v images="$3.octal" -v labels="$4.octal" '
    function random() { state = (state * 16807) % 2147483647; return state / 2147483647 } # Park and Miller 1988
    function word(value) { return sprintf("\\%03o\\%03o\\%03o\\%03o", 0, 0, int(value / 256), value % 256) }
    BEGIN {
        state = seed
        printf "\\000\\000\\010\\003%s%s%s", word(n), word(4), word(4) >images
        printf "\\000\\000\\010\\001%s", word(n) >labels
        for (i = 0; i < n; i++) {
            class = int(random() * 4)
            printf "\\%03o", class >labels
            for (p = 0; p < 16; p++) {
                bright = int(p / 8) * 2 + int(p % 4 / 2) == class
                printf "\\%03o", int((bright ? 90 : 0) + random() * 160) >images
            }
        }
    }'
    for file in "$3" "$4"; do
        # shellcheck disable=SC2059
        printf "$(cat "$file.octal")" >"$file"
        rm "$file.octal"
    done
}
idx 11 400 data/train-images-idx3-ubyte data/train-labels-idx1-ubyte
idx 12 150 data/t10k-images-idx3-ubyte data/t10k-labels-idx1-ubyte

cat >spec.yaml <<SPEC
name: quarters
data: $AJ_CLI_FIXTURE/data
layers: [16, 12, 4]
epochs: 15
batch: 20
seed: 3
optimizer: {kind: sgd, learning_rate: 0.1, momentum: 0.9}
SPEC
"$AJ" train spec.yaml --out net.onnx --threads 1
