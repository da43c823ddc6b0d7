/* meter_mark.c: marks of a program that meters itself. */
#include "meter_ops.h"

void ajp_meter_forget_marks(aj_meter *meter)
{
    aj_reading now = ajp_meter_total(meter);
    ajp_moment start = ajp_moment_of(&now);
    ajp_phases_end(&meter->phases);
    ajp_phases_begin(&meter->phases, meter->context, &start);
}

aj_status aj_meter_mark(aj_meter *meter, const char *line, aj_error *err)
{
    aj_marker marker;
    aj_reading now;
    AJ_TRY(aj_marker_read(&marker, line, err));
    AJ_TRY(aj_meter_now(meter, &now, err));
    ajp_moment moment = ajp_moment_of(&now);
    return ajp_phases_take(&meter->phases, &marker, &moment, err);
}

aj_status aj_meter_phase(aj_meter *meter, size_t i, aj_phase *out, aj_error *err)
{
    if (meter == NULL || !meter->started || out == NULL)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the meter was not started; call aj_meter_start first");
    pthread_mutex_lock(&meter->mutex);
    aj_reading now = ajp_meter_total(meter);
    pthread_mutex_unlock(&meter->mutex);
    ajp_moment moment = ajp_moment_of(&now);
    return ajp_phases_get(&meter->phases, i, &moment, out, err);
}
