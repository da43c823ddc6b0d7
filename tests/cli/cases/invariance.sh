# The same seed gives the same bytes for any threads, chunk and instruction set.
needs_fixture
result() { # name, options: results without what is measured
    name=$1
    shift
    run eval "$model" --data "$data" --trials 3 --seed 7 --json --quiet --per-layer "$@"
    exits 0
    without_measured document <stdout >"$name"
}
for settings in 'homodyne --set photons_per_mac=2' \
    'homodyne --set photons_per_mac=2 --set detector_capacitance_farads=1fF --set input_gain=calibrated' \
    'homodyne-parts --set photons_per_mac=0.7 --batch 16' 'digital-45nm'; do
    title "on $settings"
    # shellcheck disable=SC2086
    result base --on $settings --threads 1 --outputs base.npy
    for threads in 2 7; do
        # shellcheck disable=SC2086
        result other --on $settings --threads $threads --outputs other.npy
        same_files base other
        same_files base.npy other.npy
    done
    for chunk in 1 64 1000; do
        # shellcheck disable=SC2086
        result other --on $settings --chunk $chunk --outputs other.npy
        same_files base other
        same_files base.npy other.npy
    done
    for isa in avx512 avx2 scalar; do
        run data list --isa $isa
        if [ $status -ne 0 ]; then
            echo "this machine has no $isa: left out"
            continue
        fi
        # shellcheck disable=SC2086
        result other --on $settings --isa $isa --outputs other.npy
        same_files base other
        same_files base.npy other.npy
    done
done

title "another seed, another result"
result base --on homodyne --set photons_per_mac=0.3 --outputs base.npy
run eval "$model" --data "$data" --trials 3 --seed 8 --on homodyne --set photons_per_mac=0.3 --outputs other.npy --quiet
checks=$((checks + 1))
! cmp -s base.npy other.npy || problem "seeds 7 and 8 give the same outputs"

title "the accelerator's batch sets energy and latency only"
result one --on homodyne-parts --set photons_per_mac=0.7 --batch 1 --outputs one.npy
result many --on homodyne-parts --set photons_per_mac=0.7 --batch 64 --outputs many.npy
same_files one.npy many.npy
checks=$((checks + 1))
! cmp -s one many || problem "batch 1 and 64 cost the same"

title "training"
"$AJ" train "$AJ_CLI_FIXTURE/spec.yaml" --epochs 2 --out one.onnx --threads 1 >/dev/null
for arguments in '--threads 2' '--threads 7' '--isa scalar' '--isa avx2'; do
    # shellcheck disable=SC2086
    run train "$AJ_CLI_FIXTURE/spec.yaml" --epochs 2 --out other.onnx $arguments --quiet
    [ "$status" -eq 0 ] || continue
    same_files one.onnx other.onnx
done
