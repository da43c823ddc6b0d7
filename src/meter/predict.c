/* predict.c: from the first epochs to the whole. */
#include <math.h>

#include "attojoule/meter.h"

aj_prediction aj_predict_total(const double *pieces, size_t n_done, size_t n_total, double before)
{
    aj_prediction out = {NAN, NAN, NAN, n_done, n_total};
    if (n_done == 0 || n_done > n_total) return out;
    aj_summary summary = aj_summarize(pieces, n_done);
    double done = (double)n_done, left = (double)(n_total - n_done);
    out.value = before + aj_sum(pieces, n_done) + left * summary.mean;
    if (n_done < 2 || isnan(out.value)) return out;
    double half = aj_student_quantile(0.95, done - 1) * summary.stddev * sqrt(left * left / done + left);
    out.low = fmax(out.value - half, before + aj_sum(pieces, n_done));
    out.high = out.value + half;
    return out;
}
