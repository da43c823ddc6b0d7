#!/bin/sh
# check_units.sh [FOLDER]: a double in a public header carries its SI unit in its name, is a _ratio, or has one of the few names
# below, which have no unit of their own; scaled units (pJ, nm, dB ...) are in no header.
set -eu
cd "${1:-$(dirname -- "$0")/..}"
awk '
BEGIN {
    unit = "(joules|watts|seconds|hertz|kelvin|meters|farads|volts|amps|ohms|siemens|radians|electrons|coulombs|bytes|bits|" \
           "kilograms_co2e|dollars|per_joule|per_kilogram_co2e|per_second|per_hertz|per_inference|per_mac|squared|photons)"
    good = "(^|_)" unit "$|_ratio$|_ratios$|^n_|_loss$|^loss$"
    scaled = "_(pj|fj|uj|nj|mj|kj|kwh|wh|nm|um|mm|mw|uw|kw|ms|us|ns|ghz|mhz|khz|ff|pf|db|dbm|celsius|ev|percent)$"
    # value/stddev ... of an estimate or a parameter whose unit stands beside it; counts; pure numbers
    n = split("value values stddev mean low high minimum maximum x scale probability macs samples weight_symbols " \
              "input_symbols distinct_inputs photons_incident photons_launched photons ci95_low ci95_high flops_so_far flops_to_target " \
              "accuracy_ci95_dataset_low accuracy_ci95_dataset_high learning_rate leaky_slope momentum beta1 beta2 epsilon " \
              "input_full_scale reading_low reading_high weight_decay step_factor si_value uncertainty sum_squares_inputs sum_squares_weights printed recomputed resolution power_usage_effectiveness mean_plus mean_minus matrix unitary fields uniforms normals work out u s vt rows cols flops total pieces before ascending std kilograms_co2e_so_far", names, " ")
    for (i = 1; i <= n; i++) plain[names[i]] = 1
}
FNR == 1 { comment = 0 }
{
    text = $0
    if (comment) { if (!sub(/^.*\*\//, "", text)) next; comment = 0 }
    gsub(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//, "", text)
    if (sub(/\/\*.*$/, "", text)) comment = 1
    rest = text
    while (match(rest, /(^|[^A-Za-z0-9_])double[ *]+(const )?[*]*[A-Za-z_][A-Za-z0-9_]*/)) {
        name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/.*[ *]/, "", name)
        call = rest ~ /^\(/ # a function: its name says what it gives
        list = rest
        sub(/[;)].*/, "", list)
        look(name, call)
        if (text !~ /\(/ && !call && rest ~ /^[^)]*;/) { # double a, b, c;
            m = split(list, more, ",")
            for (k = 2; k <= m; k++) { gsub(/[ *]|\[.*|=.*/, "", more[k]); if (more[k] != "") look(more[k], 0) }
            break
        }
    }
}
function look(name, call) {
    checked++
    lower = tolower(name)
    if (lower ~ scaled) { print FILENAME ":" FNR ": " name " is in a scaled unit; headers are SI"; bad++ }
    else if (!call && !(name in plain) && lower !~ good) { print FILENAME ":" FNR ": " name " does not say its unit"; bad++ }
}
END {
    if (checked == 0) { print "no double was found: wrong folder"; exit 1 }
    if (bad) exit 1
    print checked " doubles in public headers say their unit"
}' include/attojoule/*.h
