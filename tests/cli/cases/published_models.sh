# Published networks with the pre-processing of their pages.
[ -n "${AJ_TEST_DATA:-}" ] || skip "the data pack with the published networks is not here (AJ_TEST_DATA)"
[ -z "${AJ_SANITIZED:-}" ] || skip "14,000 images are slow under a sanitizer"
# accuracy LOW HIGH: of the exact network, in percent
accuracy() {
    checks=$((checks + 1))
    awk -v low="$1" -v high="$2" '/"clean_accuracy_ratio"/ { gsub(/[^0-9.]/, ""); found = 1; ok = $0 * 100 >= low && $0 * 100 <= high }
        END { exit !(found && ok) }' stdout || problem "the accuracy is not in $1 to $2 %"
}

title "mnist-8 on raw bytes"
run eval "$AJ_TEST_DATA/models/mnist-8.onnx" --data mnist --data-root "$AJ_TEST_DATA" --scale 1 --json --quiet
exits 0
accuracy 98.909 98.911

title "resnet8 on raw bytes, channels last in the file"
cifar=$AJ_TEST_DATA/cifar10-4000
run eval "$AJ_TEST_DATA/models/resnet8-cifar10.onnx" --data "$cifar/images.npy.gz:$cifar/labels.npy" \
    --scale 1 --layout nhwc --json --quiet
exits 0
accuracy 92.925 93.025

title "the other layout is another image"
run eval "$AJ_TEST_DATA/models/resnet8-cifar10.onnx" --data "$cifar/images.npy.gz:$cifar/labels.npy" \
    --scale 1 --samples 500 --json --quiet
exits 0
accuracy 0 60
