/* statistics.c: sums that do not depend on threads, means with intervals, the distributions behind them. */
#include "internal.h"

#include <math.h>

#define MISSING ((double)NAN)
enum { SUM_BLOCK = 256 };

double aj_sum(const double *values, size_t n)
{
    if (n <= SUM_BLOCK) {
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) sum += values[i];
        return sum;
    }
    size_t half = n < 2 * SUM_BLOCK ? SUM_BLOCK : n / (2 * SUM_BLOCK) * SUM_BLOCK;
    return aj_sum(values, half) + aj_sum(values + half, n - half);
}

aj_summary aj_summarize(const double *values, size_t n)
{
    aj_summary summary = {MISSING, MISSING, MISSING, MISSING, n};
    if (n == 0) return summary;
    summary.mean = aj_sum(values, n) / (double)n;
    if (n == 1) return summary;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) squares += (values[i] - summary.mean) * (values[i] - summary.mean);
    summary.stddev = sqrt(squares / (double)(n - 1));
    double half = aj_student_quantile(0.95, (double)(n - 1)) * summary.stddev / sqrt((double)n);
    summary.ci95_low = summary.mean - half;
    summary.ci95_high = summary.mean + half;
    return summary;
}

double aj_quantile(const double *ascending, size_t n, double probability)
{
    if (n == 0 || !(probability >= 0.0 && probability <= 1.0)) return MISSING;
    double at = probability * (double)(n - 1);
    size_t below = (size_t)at, above = below + 1 < n ? below + 1 : n - 1;
    return ascending[below] + (at - (double)below) * (ascending[above] - ascending[below]);
}

/* Weights of the sorted values, from the largest down: each follows from the one before, so that nothing
 * overflows. */
static double best_without_replacement(const double *ascending, size_t n_values, size_t n)
{
    double sum = 0.0, weight = (double)n / (double)n_values; /* C(N-1, n-1) / C(N, n) */
    for (size_t i = n_values; i >= n; i--) {
        sum += weight * ascending[i - 1];
        if (i > 1) weight *= (double)(i - n) / (double)(i - 1);
    }
    return sum;
}

static double best_with_replacement(const double *ascending, size_t n_values, size_t n)
{
    double sum = 0.0, below = 0.0;
    for (size_t i = 1; i <= n_values; i++) {
        double up_to = pow((double)i / (double)n_values, (double)n);
        sum += (up_to - below) * ascending[i - 1];
        below = up_to;
    }
    return sum;
}

double aj_expected_best(const double *ascending, size_t n_values, size_t n, bool unbiased)
{
    if (n == 0 || n_values == 0 || (unbiased && n > n_values)) return MISSING;
    for (size_t i = 1; i < n_values; i++)
        if (!(ascending[i] >= ascending[i - 1])) return MISSING;
    return unbiased ? best_without_replacement(ascending, n_values, n)
                    : best_with_replacement(ascending, n_values, n);
}

double aj_variance_share(const double *values, const size_t *groups, size_t n)
{
    double between = 0.0, total = 0.0, mean = n > 0 ? aj_sum(values, n) / (double)n : MISSING;
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        size_t members = 0, first = n;
        for (size_t k = 0; k < n; k++) {
            if (groups[k] != groups[i]) continue;
            if (first == n) first = k;
            sum += values[k];
            members++;
        }
        double apart = sum / (double)members - mean;
        if (first == i) between += (double)members * apart * apart; /* each group once */
        total += (values[i] - mean) * (values[i] - mean);
    }
    return total > 0.0 ? fmin(between / total, 1.0) : MISSING;
}

/* Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), modified Lentz. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    double fraction = d;
    for (int m = 1; m < 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double terms[2] = {even, odd}, step = 1.0;
        for (int i = 0; i < 2; i++) {
            d = 1.0 + terms[i] * d;
            c = 1.0 + terms[i] / c;
            d = 1.0 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            step = c * d;
            fraction *= step;
        }
        if (fabs(step - 1.0) < 1e-15) break;
    }
    return fraction;
}

static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0.0) return 0.0;
    if (x >= 1.0) return 1.0;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double aj_student_quantile(double probability, double n_degrees)
{
    if (!(probability > 0.0 && probability < 1.0) || !(n_degrees >= 1.0)) return MISSING;
    double low = 0.0, high = 1.0;
    /* P(|T| <= t) = 1 - I_x(nu/2, 1/2), x = nu/(nu + t^2): A&S 26.7.1 with 26.5.27. */
#define INSIDE(t) (1.0 - incomplete_beta(0.5 * n_degrees, 0.5, n_degrees / (n_degrees + (t) * (t))))
    while (INSIDE(high) < probability && high < 1e12) high *= 2.0;
    for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
        double middle = 0.5 * (low + high);
        if (INSIDE(middle) < probability)
            low = middle;
        else
            high = middle;
    }
#undef INSIDE
    return 0.5 * (low + high);
}

double aj_normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

static double polynomial(const double *c, int n, double x)
{
    double value = c[n - 1];
    for (int i = n - 2; i >= 0; i--) value = value * x + c[i];
    return value;
}

/* Wichura, "Algorithm AS 241", Applied Statistics 37 (1988), PPND16. */
double aj_normal_quantile(double probability)
{
    static const double a[] = {3.3871328727963666080,   1.3314166789178437745e2, 1.9715909503065514427e3,
                               1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                               3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {1.0,
                               4.2313330701600911252e1,
                               6.8718700749205790830e2,
                               5.3941960214247511077e3,
                               2.1213794301586595867e4,
                               3.9307895800092710610e4,
                               2.8729085735721942674e4,
                               5.2264952788528545610e3};
    static const double c[] = {1.42343711074968357734,    4.63033784615654529590,   5.76949722146069140550,
                               3.64784832476320460504,    1.27045825245236838258,   2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187,
                               1.67638483018380384940,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720,    5.46378491116411436990,
                               1.78482653991729133580,    2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    if (!(probability >= 0.0 && probability <= 1.0)) return MISSING;
    double q = probability - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(a, 8, r) / polynomial(b, 8, r);
    }
    double r = q < 0 ? probability : 1.0 - probability;
    if (r == 0.0) return q < 0 ? -(double)INFINITY : (double)INFINITY;
    r = sqrt(-log(r));
    double value = r <= 5.0 ? polynomial(c, 8, r - 1.6) / polynomial(d, 8, r - 1.6)
                            : polynomial(e, 8, r - 5.0) / polynomial(f, 8, r - 5.0);
    return q < 0 ? -value : value;
}
