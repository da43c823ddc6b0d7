/* schedule.c: what is known before any sample is seen: orders, learning rates, counts of work. */
#include "trainer.h"

#include <math.h>

aj_status ajp_train_order(uint64_t seed, size_t epoch, bool shuffle, uint32_t *order, size_t n, aj_error *err)
{
    ajp_stream stream;
    AJ_TRY(ajp_stream_make(&stream, seed, AJP_PURPOSE_TRAIN, 0, 0, epoch, err));
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    if (!shuffle) return AJ_OK;
    uint32_t words[4] = {0}, counter[4] = {UINT32_MAX, 0, stream.layer_tile, stream.trial << 8};
    for (size_t i = n; i-- > 1;) {
        if (counter[0] != i / 4) {
            counter[0] = (uint32_t)(i / 4);
            aj_philox4x32(stream.key, counter, words);
        }
        /* The high half of word * (i+1): off from uniform by less than n / 2^32. */
        size_t j = (size_t)((uint64_t)words[i % 4] * (i + 1) >> 32);
        uint32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    return AJ_OK;
}

/* cos(pi*t) for 0 <= t <= 1 by its series about the nearest zero, where it is odd: ours, so that every
 * machine has the same bits.  13 terms leave less than 1e-15. */
static double cosine(double t)
{
    double x = 3.14159265358979323846 * (0.5 - t), term = x, sum = x;
    for (int k = 1; k <= 13; k++) {
        term *= -x * x / (double)((2 * k) * (2 * k + 1));
        sum += term;
    }
    return sum;
}

double ajp_train_rate(const aj_train_options *o, size_t epoch, uint64_t step, uint64_t n_steps)
{
    double rate = o->learning_rate;
    if (o->schedule == AJ_SCHEDULE_STEP) {
        size_t n_drops = 0;
        if (o->step_every > 0)
            n_drops = epoch / o->step_every;
        else
            for (size_t i = 0; i < o->n_step_at; i++) n_drops += epoch >= o->step_at[i];
        for (size_t i = 0; i < n_drops; i++) rate *= o->step_factor;
    } else if (o->schedule == AJ_SCHEDULE_COSINE) {
        double done = n_steps > 1 ? (double)step / (double)(n_steps - 1) : 0.0;
        rate *= o->final_ratio + (1.0 - o->final_ratio) * fmax(0.0, 0.5 * (1.0 + cosine(done)));
    }
    return rate;
}

uint64_t ajp_train_macs(const aj_train_options *o)
{
    uint64_t macs = 0;
    for (size_t l = 0; l < o->n_layers; l++) macs += (uint64_t)o->widths[l] * o->widths[l + 1];
    return macs;
}

uint64_t ajp_train_flops(const aj_train_options *o)
{
    uint64_t macs = ajp_train_macs(o), first = (uint64_t)o->widths[0] * o->widths[1];
    return 2 * (2 * macs + (macs - first));
}
