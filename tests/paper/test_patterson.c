/* test_patterson.c: the tables of Patterson et al. 2021 and two model cards (metering.md 1.7, 1.8, 8A), claim
 * C13. */
#include "attojoule/carbon.h"
#include "check.h"

#define KWH 3.6e6
static aj_error err;

static aj_carbon_result priced(const aj_carbon *carbon, const char *accelerator, double watts, double n,
                               double hours, double pue)
{
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    memset(&r, 0, sizeof r);
    o.convention = "patterson2021";
    o.accelerator = accelerator;
    o.accelerator_watts = watts;
    o.n_accelerators = n;
    o.duration_seconds = hours * 3600;
    o.power_usage_effectiveness = pue;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    return r;
}

static void test_equations(const aj_carbon *carbon)
{
    aj_carbon_result r = priced(carbon, NULL, 330, 10000, 14.8 * 24, 1.10); /* A4 */
    CHECK_CLOSE(r.facility_joules.value / KWH / 1e3, 1289.376, 1e-9);
    CHECK_CLOSE(r.facility_joules.value / KWH / 1e3, 1287, 0.003);
    CHECK_CLOSE(r.location_kilograms_co2e.value / 1e3, 553.142, 1e-5);
    CHECK_CLOSE(r.location_kilograms_co2e.value / 1e3, 552.1, 0.003);
    CHECK_CLOSE(r.fee_dollars.value, 553.142 * 15, 1e-5);
    r = priced(carbon, "V100 SXM2", NAN, 8, 36, 1); /* table 3: 325 W +- 2 % */
    CHECK_CLOSE(r.power_watts.value, 2600, 1e-12);
    CHECK_CLOSE(r.power_watts.stddev, 52, 1e-12);
    r = priced(carbon, "TPU v3", NAN, 1, 1, NAN);
    CHECK_CLOSE(r.power_watts.value, 283, 1e-12);
    CHECK_CLOSE(r.power_usage_effectiveness, 1.59, 0); /* its US average */
}

/* A6: the Llama 2 card: GPU-hours x 400 W x 0.4235 kg/kWh, 0.385 kg/kWh at a PUE of 1.1. */
static void test_llama2(const aj_carbon *carbon)
{
    static const struct {
        double hours, tonnes;
    } models[] = {{184320, 31.224}, {368640, 62.448}, {1720320, 291.422}};
    for (size_t i = 0; i < 3; i++) {
        aj_carbon_result r = priced(carbon, NULL, 400, 1, models[i].hours, 1.1);
        CHECK_CLOSE(r.facility_joules.value / KWH * 0.385 / 1e3, models[i].tonnes, 1e-4);
    }
}

/* A13: 15 $ a tonne on the printed 552.1 t. */
static void test_fee(const aj_carbon *carbon)
{
    const aj_carbon_row *fee = aj_carbon_find_row(carbon, "prices", "internal carbon fee", NULL);
    CHECK(fee != NULL);
    if (fee == NULL) return;
    CHECK_STRING(fee->unit, "USD/kg");
    CHECK_NEAR(fee->value * 552.1e3, 8281.50, 0.01);
}

static void test_tables(void)
{
    aj_paper paper;
    size_t n_reproduced = 0, n_inputs = 0;
    CHECK_OK(aj_paper_recompute(&paper, "patterson2021", &err), err);
    CHECK_INT(paper.n_cells, 5 * 4 + 6 + 6 * 4);
    for (size_t i = 0; i < paper.n_cells; i++) {
        const aj_paper_cell *p = &paper.cells[i];
        const char *verdict = aj_paper_verdict(p);
        n_inputs += strcmp(verdict, "input") == 0;
        n_reproduced += strcmp(verdict, "reproduced") == 0;
        if (strcmp(verdict, "input") == 0) continue;
        if (strcmp(p->quantity, "energy with PUE") == 0) CHECK_CLOSE(p->recomputed, p->printed, 0.012);
        CHECK_CLOSE(p->recomputed, p->printed, 0.016);
        CHECK(strcmp(verdict, "differs") != 0 || p->note != NULL);
    }
    CHECK_INT(n_inputs, 6);
    CHECK_INT(n_reproduced, 28);
    for (size_t i = 0; i < paper.n_conflicts; i++) {
        const aj_paper_conflict *p = &paper.conflicts[i];
        if (strstr(p->text, "really happened") != NULL) CHECK_NEAR(p->recomputed, 88.2, 0.1);
        if (strstr(p->text, "what was computed") != NULL) CHECK_NEAR(p->recomputed, 18.667, 0.001);
    }
}

int main(void)
{
    aj_carbon *carbon = NULL;
    CHECK_OK(aj_carbon_open(&carbon, NULL, NULL, NULL, &err), err);
    if (carbon == NULL) return 1;
    test_equations(carbon);
    test_llama2(carbon);
    test_fee(carbon);
    aj_carbon_close(carbon);
    test_tables();
    return check_report();
}
