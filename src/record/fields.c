/* fields.c: which numbers a record has and which values they can take. */
#include "fields.h"

#include <math.h>
#include <string.h>

#define EVALUATION(key, range)                                \
    {                                                         \
#key, offsetof(aj_evaluation, key), AJP_FIELD_##range \
    }
const ajp_field ajp_evaluation_fields[] = {
    EVALUATION(macs_per_inference, POSITIVE),    EVALUATION(flops_per_inference, POSITIVE),
    EVALUATION(photons_per_mac, POSITIVE),       EVALUATION(latency_seconds, POSITIVE),
    EVALUATION(throughput_per_second, POSITIVE), {NULL, 0, AJP_FIELD_ANY},
};

#define LAYER(key, range)                                       \
    {                                                           \
#key, offsetof(aj_layer_record, key), AJP_FIELD_##range \
    }
const ajp_field ajp_layer_fields[] = {
    LAYER(macs, POSITIVE),
    LAYER(weight_symbols, POSITIVE),
    LAYER(input_symbols, POSITIVE),
    LAYER(samples, POSITIVE),
    LAYER(distinct_inputs, POSITIVE),
    LAYER(sram_bytes, POSITIVE),
    LAYER(dram_bytes, POSITIVE),
    LAYER(photons_incident, POSITIVE),
    LAYER(photons_launched, POSITIVE),
    LAYER(weight_crest_ratio, AT_LEAST_1),
    LAYER(input_crest_ratio, AT_LEAST_1),
    LAYER(signal_to_noise_ratio, UNBOUNDED),
    LAYER(clipped_ratio, RATIO),
    LAYER(latency_seconds, POSITIVE),
    LAYER(n_planes, POSITIVE),
    LAYER(input_full_scale, POSITIVE),
    LAYER(input_bits, POSITIVE),
    LAYER(reading_bits, POSITIVE),
    LAYER(reading_low, ANY),
    LAYER(reading_high, ANY),
    LAYER(reading_percentile_ratio, RATIO),
    {NULL, 0, AJP_FIELD_ANY},
};

bool ajp_field_holds(ajp_field_range range, double value)
{
    if (isnan(value)) return true;
    if (range == AJP_FIELD_UNBOUNDED) return value >= 0.0;
    if (isinf(value)) return false;
    switch (range) {
    case AJP_FIELD_ANY:
    case AJP_FIELD_UNBOUNDED:
        return true;
    case AJP_FIELD_POSITIVE:
        return value >= 0.0;
    case AJP_FIELD_RATIO:
        return value >= 0.0 && value <= 1.0;
    case AJP_FIELD_AT_LEAST_1:
        return value >= 1.0 - 1e-9; /* a maximum over a root mean square, each rounded */
    }
    return false;
}

const char *ajp_field_range_text(ajp_field_range range)
{
    switch (range) {
    case AJP_FIELD_ANY:
        return "finite";
    case AJP_FIELD_POSITIVE:
        return "finite and not negative";
    case AJP_FIELD_RATIO:
        return "between 0 and 1";
    case AJP_FIELD_AT_LEAST_1:
        return "at least 1";
    case AJP_FIELD_UNBOUNDED:
        return "not negative";
    }
    return "";
}

double ajp_record_per_mac(const aj_evaluation *record, aj_boundary boundary)
{
    double joules = aj_energy_boundary(&record->energy, boundary);
    return record->macs_per_inference > 0.0 ? joules / record->macs_per_inference : (double)NAN;
}

static aj_status check_number(const char *name, const char *key, ajp_field_range range, double value,
                              aj_error *err)
{
    if (ajp_field_holds(range, value)) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %s is %g, must be %s", name, key, value,
                    ajp_field_range_text(range));
}

static aj_status check_fields(const char *name, const ajp_field *fields, const void *base, aj_error *err)
{
    for (; fields->key != NULL; fields++) {
        double value;
        memcpy(&value, (const char *)base + fields->offset, sizeof value);
        AJ_TRY(check_number(name, fields->key, fields->range, value, err));
    }
    return AJ_OK;
}

static aj_status check_summary(const char *name, const char *key, ajp_field_range range,
                               const aj_summary *summary, aj_error *err)
{
    AJ_TRY(check_number(name, key, range, summary->mean, err));
    AJ_TRY(check_number(name, key, AJP_FIELD_POSITIVE, summary->stddev, err));
    AJ_TRY(check_number(name, key, AJP_FIELD_ANY, summary->ci95_low, err));
    AJ_TRY(check_number(name, key, AJP_FIELD_ANY, summary->ci95_high, err));
    if (summary->ci95_low > summary->ci95_high)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: the interval of %s is upside down", name, key);
    return AJ_OK;
}

static aj_status check_energy(const char *name, const aj_energy *energy, aj_error *err)
{
    AJ_TRY(check_number(name, "the optical energy", AJP_FIELD_POSITIVE, energy->optical_joules, err));
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if ((energy->applies >> cause & 1u) != 0)
            AJ_TRY(check_number(name, aj_cause_name((aj_cause)cause), AJP_FIELD_POSITIVE,
                                energy->cause_joules[cause], err));
    return AJ_OK;
}

static aj_status check_parameters(const char *name, const aj_recorded_parameter *parameters, size_t n,
                                  aj_error *err)
{
    for (size_t i = 0; i < n; i++)
        AJ_TRY(check_number(name, parameters[i].key, AJP_FIELD_ANY, parameters[i].value, err));
    return AJ_OK;
}

static aj_status check_per_mac(const aj_evaluation *record, const char *name, aj_error *err)
{
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++) {
        double joules = ajp_record_per_mac(record, (aj_boundary)boundary);
        double least = boundary == AJ_OPTICAL ? 1e-27 : 1e-23;
        if (joules < least || joules > 1e-3)
            return ajp_fail(
                err, AJ_BAD_ARGUMENT, 0,
                "%s: %s energy of %g J per MAC cannot be (%g to 1e-3 J); check the prices of the hardware",
                name, aj_boundary_name((aj_boundary)boundary), joules, least);
    }
    return AJ_OK;
}

aj_status ajp_record_check(const aj_evaluation *record, const char *name, aj_error *err)
{
    AJ_TRY(check_fields(name, ajp_evaluation_fields, record, err));
    AJ_TRY(check_parameters(name, record->parameters, record->n_parameters, err));
    AJ_TRY(check_parameters(name, record->varied, record->n_varied, err));
    AJ_TRY(check_number(name, "clean_accuracy_ratio", AJP_FIELD_RATIO, record->clean_accuracy_ratio, err));
    AJ_TRY(check_number(name, "clean_loss", AJP_FIELD_ANY, record->clean_loss, err));
    AJ_TRY(check_summary(name, "accuracy_ratio", AJP_FIELD_RATIO, &record->accuracy_ratio, err));
    AJ_TRY(check_number(name, "clean_top5_accuracy_ratio", AJP_FIELD_RATIO, record->clean_top5_accuracy_ratio,
                        err));
    AJ_TRY(check_summary(name, "top5_accuracy_ratio", AJP_FIELD_RATIO, &record->top5_accuracy_ratio, err));
    AJ_TRY(check_summary(name, "loss", AJP_FIELD_ANY, &record->loss, err));
    for (unsigned i = 0; record->trial_accuracy_ratios != NULL && i < record->n_trials; i++)
        AJ_TRY(check_number(name, "trial_accuracy_ratios", AJP_FIELD_RATIO, record->trial_accuracy_ratios[i],
                            err));
    AJ_TRY(check_energy(name, &record->energy, err));
    AJ_TRY(check_per_mac(record, name, err));
    AJ_TRY(check_number(name, "stddev_joules", AJP_FIELD_POSITIVE, record->energy_stddev_joules, err));
    for (size_t i = 0; i < record->n_layers; i++) {
        AJ_TRY(check_fields(name, ajp_layer_fields, &record->layers[i], err));
        AJ_TRY(check_energy(name, &record->layers[i].energy, err));
    }
    AJ_TRY(check_number(name, "measured energy_joules", AJP_FIELD_POSITIVE,
                        record->measured_energy_joules.value, err));
    return check_number(name, "measured duration_seconds", AJP_FIELD_POSITIVE, record->duration_seconds, err);
}
