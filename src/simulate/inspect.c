/* inspect.c: what would run where and what it would cost, before any data. */
#include "study.h"

#include "../record/builder.h"

static aj_status inspect_study(aj_evaluation *out, ajp_study *study, const aj_hardware *hardware,
                               unsigned batch, aj_mode mode, aj_error *err)
{
    ajp_mapping mapping = {0};
    aj_hardware *fallback = NULL;
    aj_status st;
    AJ_TRY_DONE(ajp_record_study(out, study, err));
    if (hardware == NULL) goto done;
    AJ_TRY_DONE(aj_hardware_check(hardware, err));
    AJ_TRY_DONE(aj_hardware_load(&fallback, study->context, "digital-45nm", err));
    AJ_TRY_DONE(ajp_mapping_create(&mapping, study, hardware, NULL, err));
    AJ_TRY_DONE(ajp_record_account(out, &mapping, fallback, batch, mode, NULL, err));
done:
    if (mapping.products != NULL) ajp_mapping_destroy(&mapping);
    aj_hardware_destroy(fallback);
    return st;
}

aj_status aj_inspect(aj_evaluation *out, aj_context *context, const aj_model *model,
                     const aj_hardware *hardware, unsigned batch, aj_mode mode, aj_dynamic dynamic,
                     aj_error *err)
{
    *out = (aj_evaluation){0};
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.batch = batch;
    options.dynamic = dynamic;
    AJ_TRY(ajp_check_evaluate_options(&options, err));
    ajp_study *study;
    AJ_TRY(ajp_study_create(&study, context, model, NULL, 1, err));
    study->dynamic = dynamic;
    aj_evaluation record = {0};
    aj_status st;
    AJ_TRY_DONE(ajp_record_begin(&record, err));
    AJ_TRY_DONE(inspect_study(&record, study, hardware, batch, mode, err));
    AJ_TRY_DONE(ajp_record_finish(&record, err));
    *out = record;
    record = (aj_evaluation){0};
done:
    aj_evaluation_destroy(&record);
    ajp_study_destroy(study);
    return st;
}
