/* account.c: from a mapping and what the clean pass saw to joules, and everything of a record that is not a
 * score. */
#include "study.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "../record/builder.h"

static void fill_work(ajp_product_work *work, const ajp_mapping *mapping, size_t i,
                      const ajp_layer_findings *findings)
{
    const ajp_product_step *step = ajp_plan_product(mapping->study->plan, i);
    const ajp_product_statistics *statistics = &mapping->study->statistics[i];
    const ajp_mapped_product *mapped = &mapping->products[i];
    double n_outputs = (double)step->rows * (double)step->reps * (double)step->groups;
    *work = (ajp_product_work){.product = mapped->product,
                               .weight_sum_squares = statistics->weight_sum_squares,
                               .weight_max_abs = statistics->weight_max_abs,
                               .weight_row_crest_ratio = statistics->weight_row_crest_ratio,
                               .weight_crest_ratio = statistics->weight_crest_ratio,
                               .input_crest_ratio = statistics->input_crest_ratio,
                               .input_mean_sum_squares = statistics->input_mean_sum_squares,
                               .calibration = mapped->calibration,
                               .runs_digitally = !mapped->on_hardware};
    if (findings != NULL && findings->input_mean_sum_squares != NULL && mapped->on_hardware)
        work->input_mean_sum_squares = findings->input_mean_sum_squares[i];
    if (!step->dynamic) work->weights = step->weights;
    if (findings != NULL && findings->column_mean_squares != NULL) {
        work->column_mean_magnitudes = findings->column_mean_magnitudes[i];
        work->column_mean_squares = findings->column_mean_squares[i];
    }
    if (step->bias != NULL) work->digital_ops += n_outputs;
    if (step->activation != AJP_ACTIVATION_NONE) work->digital_ops += n_outputs;
}

/* Of inputs as the network has them; without a scale that of float32. */
static double full_scale_of(const ajp_input_encoding *encoding)
{
    const ajp_converter *dac = &encoding->dac;
    bool limited = dac->kind != AJP_CONVERTER_IDEAL, scaled = !isinf(encoding->full_scale);
    double largest = limited ? fmax(-(double)dac->low, (double)dac->high) : scaled ? 1.0 : (double)FLT_MAX;
    return scaled ? encoding->full_scale * largest : largest;
}

/* What was chosen for the converters: of the first trial, group 0. */
static void record_converters(aj_layer_record *layer, const ajp_frozen *frozen, const aj_hardware *hardware)
{
    const ajp_input_encoding *encoding = &frozen->encoding;
    aj_parameter range, share;
    if (frozen->law != AJP_LAW_PLANES) return;
    layer->n_planes = (double)frozen->n_planes;
    layer->input_full_scale = full_scale_of(encoding);
    if (encoding->dac.kind != AJP_CONVERTER_IDEAL) layer->input_bits = (double)encoding->dac.bits;
    for (size_t k = 0; k < frozen->n_planes; k++) {
        const ajp_converter *adc = &frozen->planes[k].adc;
        if (adc->kind == AJP_CONVERTER_IDEAL) continue;
        layer->reading_bits = (double)adc->bits;
        layer->reading_low = fmin(layer->reading_low, (double)adc->low); /* of NaN and a number the number */
        layer->reading_high = fmax(layer->reading_high, (double)adc->high);
    }
    if (!isnan(layer->reading_bits) && aj_hardware_find(hardware, "adc_range", &range) &&
        range.word != NULL && strcmp(range.word, "calibrated") == 0 &&
        aj_hardware_find(hardware, "adc_percentile_ratio", &share))
        layer->reading_percentile_ratio = share.value;
}

static void fill_layer(aj_evaluation *out, aj_layer_record *layer, const ajp_mapping *mapping, size_t i,
                       const ajp_product_account *account, const ajp_layer_findings *findings)
{
    const ajp_product_step *step = ajp_plan_product(mapping->study->plan, i);
    const ajp_mapped_product *mapped = &mapping->products[i];
    *layer = ajp_layer_record_none();
    layer->name = ajp_record_string(out, step->name);
    layer->op_type = ajp_record_string(out, step->op_type);
    layer->runs_on = ajp_record_string(out, mapped->on_hardware ? mapping->ops->name : "digital");
    layer->rows = step->rows;
    layer->cols = step->cols;
    layer->reps = step->reps;
    layer->groups = step->groups;
    layer->macs = ajp_product_macs(&mapped->product);
    layer->weight_symbols = account->weight_symbols;
    layer->input_symbols = account->input_symbols;
    layer->samples = account->samples;
    layer->distinct_inputs =
        ajp_product_distinct_inputs(&mapped->product) * ajp_product_groups(&mapped->product);
    layer->sram_bytes = account->sram_bytes;
    layer->dram_bytes = account->dram_bytes;
    layer->photons_incident = account->photons_incident;
    layer->photons_launched = account->photons_launched;
    layer->weight_crest_ratio = account->weight_crest_ratio;
    layer->input_crest_ratio = account->input_crest_ratio;
    layer->latency_seconds = account->latency_seconds;
    layer->energy = account->energy;
    if (findings == NULL) return;
    layer->signal_to_noise_ratio = findings->signal_to_noise_ratio[i];
    layer->clipped_ratio = findings->clipped_ratio[i];
    if (findings->frozen != NULL && findings->frozen[i] != NULL)
        record_converters(layer, findings->frozen[i], mapping->hardware);
}

static void record_hardware(aj_evaluation *out, const aj_hardware *hardware)
{
    aj_hardware_info info = aj_hardware_describe(hardware);
    out->hardware_name = ajp_record_string(out, info.name);
    out->hardware_family = ajp_record_string(out, info.family);
    out->hardware_evidence = ajp_record_string(out, aj_evidence_name(info.evidence));
    out->hardware_summary = ajp_record_format(out, "%s; %s", info.family_summary, info.summary);
    out->hardware_node = ajp_record_string(out, info.node);
    out->hardware_cite = ajp_record_string(out, info.cite);
    out->hardware_year = info.year;
    out->latency_of = ajp_record_string(out, info.latency_of);
    size_t n = aj_hardware_n_parameters(hardware);
    aj_recorded_parameter *parameters = ajp_record_array(out, n, sizeof *parameters);
    if (parameters == NULL) return;
    for (size_t i = 0; i < n; i++) {
        aj_parameter p = aj_hardware_parameter(hardware, i);
        parameters[i] =
            (aj_recorded_parameter){ajp_record_string(out, p.key), ajp_record_string(out, p.unit), p.value,
                                    ajp_record_string(out, p.word), ajp_record_string(out, p.source)};
    }
    out->parameters = parameters;
    out->n_parameters = n;
}

static void record_fallbacks(aj_evaluation *out, const ajp_mapping *mapping)
{
    for (size_t i = 0; i < mapping->study->n_products; i++) {
        const ajp_mapped_product *mapped = &mapping->products[i];
        const ajp_product_step *step = ajp_plan_product(mapping->study->plan, i);
        if (mapped->on_hardware) continue;
        const char *text = ajp_record_format(out, "%s (%s): %s", step->name, step->op_type, mapped->why_not);
        if (text != NULL) ajp_record_fallback(out, text);
    }
    for (size_t i = 0; i < ajp_plan_n_others(mapping->study->plan); i++) {
        const ajp_other_step *other = ajp_plan_other(mapping->study->plan, i);
        if (other->macs == 0) continue;
        const char *text = ajp_record_format(out, "%s (%s): products of this operator run digitally here",
                                             other->name, other->op_type);
        if (text != NULL) ajp_record_fallback(out, text);
    }
}

/* Photons per MAC as they were: the nominal figure of a calibrated gain is a mean. */
static double photons_per_mac(const ajp_mapping *mapping, const ajp_product_account *accounts)
{
    double photons = 0.0, macs = 0.0;
    for (size_t i = 0; i < mapping->study->n_products; i++) {
        if (!mapping->products[i].on_hardware) continue;
        photons += accounts[i].photons_incident;
        macs += ajp_product_macs(&mapping->products[i].product);
    }
    return macs > 0.0 ? photons / macs : (double)NAN;
}

static aj_status fill_account(aj_evaluation *out, const ajp_mapping *mapping, const aj_hardware *fallback,
                              const ajp_workload *work, ajp_product_account *accounts,
                              const ajp_layer_findings *findings, aj_error *err)
{
    ajp_account total;
    AJ_TRY(ajp_account_network(mapping->hardware, fallback, work, accounts, &total, err));
    out->energy = total.energy;
    out->latency_seconds = total.latency_seconds;
    out->throughput_per_second = total.throughput_per_second;
    out->photons_per_mac = photons_per_mac(mapping, accounts);
    aj_layer_record *layers = ajp_record_array(out, work->n_products, sizeof *layers);
    if (layers == NULL) return AJ_OK; /* ajp_record_finish says so */
    for (size_t i = 0; i < work->n_products; i++)
        fill_layer(out, &layers[i], mapping, i, &accounts[i], findings);
    out->layers = layers;
    out->n_layers = work->n_products;
    return AJ_OK;
}

aj_status ajp_record_account(aj_evaluation *out, const ajp_mapping *mapping, const aj_hardware *fallback,
                             unsigned batch, aj_mode mode, const ajp_layer_findings *findings, aj_error *err)
{
    ajp_study *study = mapping->study;
    ajp_arena arena;
    ajp_arena_init(&arena, study->context);
    ajp_product_work *products = ajp_arena_array(&arena, study->n_products, sizeof *products);
    ajp_product_account *accounts = ajp_arena_array(&arena, study->n_products, sizeof *accounts);
    aj_status st = AJ_OK;
    if (products == NULL || accounts == NULL) {
        st = ajp_no_memory(err, "account");
        goto done;
    }
    ajp_workload work = {.products = products,
                         .n_products = study->n_products,
                         .n_inputs = (double)study->n_features,
                         .n_outputs = (double)study->n_outputs,
                         .batch = batch,
                         .mode = mode == AJ_MODE_LATENCY ? AJP_MODE_LATENCY : AJP_MODE_THROUGHPUT};
    for (size_t i = 0; i < study->n_products; i++) fill_work(&products[i], mapping, i, findings);
    for (size_t i = 0; i < ajp_plan_n_others(study->plan); i++)
        work.other_digital_ops += (double)ajp_plan_other(study->plan, i)->flops;
    record_hardware(out, mapping->hardware);
    record_fallbacks(out, mapping);
    out->batch = batch;
    out->mode = mode == AJ_MODE_LATENCY ? "latency" : "throughput";
    out->dynamic = ajp_study_dynamic(study);
    out->law = ajp_record_string(out, mapping->ops->read_law);
    AJ_TRY_DONE(fill_account(out, mapping, fallback, &work, accounts, findings, err));
done:
    ajp_arena_free(&arena);
    return st;
}

static void record_preprocessing(aj_evaluation *out, const aj_dataset_info *data)
{
    const aj_preprocessing *done = &data->preprocessing;
    out->preprocessing =
        (aj_recorded_preprocessing){.scale = done->scale,
                                    .mean = ajp_record_copy(out, done->mean, done->n_mean, sizeof(double)),
                                    .std = ajp_record_copy(out, done->std, done->n_std, sizeof(double)),
                                    .n_mean = done->n_mean,
                                    .n_std = done->n_std,
                                    .layout = ajp_record_string(out, aj_layout_name(done->layout)),
                                    .declared_in = ajp_record_string(out, data->declared_in)};
}

aj_status ajp_record_study(aj_evaluation *out, const ajp_study *study, aj_error *err)
{
    (void)err;
    aj_model_info info = aj_model_describe(study->model);
    out->model = ajp_record_string(out, info.path);
    out->model_sha256 = ajp_record_string(out, info.sha256);
    out->batch = 1;
    out->n_trials = 1;
    out->mode = "latency";
    if (study->dataset != NULL) {
        out->dataset_name = ajp_record_string(out, study->data.name);
        out->dataset_split = ajp_record_string(out, study->data.split);
        out->n_samples = study->data.n_samples;
        record_preprocessing(out, &study->data);
    }
    out->clean_accuracy_ratio = study->clean_accuracy_ratio;
    out->clean_top5_accuracy_ratio = study->clean_top5_accuracy_ratio;
    out->clean_loss = study->clean_loss;
    out->loss_of = ajp_record_string(out, ajp_task_loss(study->task));
    double macs = 0.0;
    for (size_t i = 0; i < aj_model_n_layers(study->model); i++)
        macs += (double)aj_model_layer(study->model, i).macs_per_inference;
    out->macs_per_inference = macs;
    out->flops_per_inference = 2.0 * macs;
    return AJ_OK;
}
