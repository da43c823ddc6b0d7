/* test_strubell.c: the tables of Strubell, Ganesh, McCallum 2019 (metering.md 1 and 8A), claims C1, C2, C5.
 */
#include "attojoule/carbon.h"
#include "check.h"

#define KWH   3.6e6
#define POUND 0.45359237
static aj_error err;

/* The convention, as `aj estimate` uses it: total watts, hours -> kWh and lb. */
static aj_carbon_result priced(const aj_carbon *carbon, double cpu, double dram, double gpu, double n,
                               double hours, const char *accelerator)
{
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    memset(&r, 0, sizeof r);
    o.convention = "strubell2019";
    o.cpu_watts = cpu;
    o.dram_watts = dram;
    o.accelerator_watts = gpu;
    o.accelerator = accelerator;
    o.n_accelerators = n;
    o.duration_seconds = hours * 3600;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    return r;
}

static void test_equations(const aj_carbon *carbon)
{
    aj_carbon_result r = priced(carbon, 0, 0, 1415.78 / 8, 8, 12, "P100 PCIe"); /* A1 */
    CHECK_CLOSE(r.facility_joules.value / KWH, 26.843, 1e-4);
    CHECK_CLOSE(r.location_kilograms_co2e.value / POUND, 25.61, 1e-3);
    r = priced(carbon, 0, 0, 1515.43 / 8, 8, 84, "P100 PCIe"); /* A2 */
    CHECK_CLOSE(r.facility_joules.value / KWH, 201.128, 1e-5);
    CHECK_CLOSE(r.location_kilograms_co2e.value / POUND, 191.88, 1e-4);
    CHECK_CLOSE(r.cloud_low_dollars, 288.96, 1e-9);
    CHECK_CLOSE(r.cloud_high_dollars, 981.12, 1e-9);
    CHECK_CLOSE(r.fee_dollars.value, 1.306, 1e-3); /* 15 $ a tonne on 87.09 kg */
    CHECK_INT(r.basis, AJ_BASIS_DIRECT);
    r = priced(carbon, 0, 0, 12041.51 / 64, 64, 79.2, "V100 SXM2"); /* A3 */
    CHECK_CLOSE(r.facility_joules.value / KWH, 1506.83, 1e-5);
    CHECK_CLOSE(r.location_kilograms_co2e.value / POUND, 1437.51, 1e-5);
    CHECK_CLOSE(r.cloud_low_dollars, 3750.9, 1e-4);
    CHECK_CLOSE(r.cloud_high_dollars, 12570.6, 1e-4);
    CHECK_CLOSE(r.fee_dollars.value, 9.78, 1e-3);
    r = priced(carbon, 22.9 + 9.3, 23.0 + 9.3, 187.1, 1, 1, NULL); /* A5: Dodge 2022 through equation 1 */
    CHECK_CLOSE(r.power_watts.value, 251.6, 1e-12);
    CHECK_CLOSE(r.facility_joules.value / KWH, 0.397528, 1e-6);
    CHECK_CLOSE(r.location_kilograms_co2e.value / POUND, 0.37924, 1e-5);
    r = priced(carbon, 0, 0, 1515.43 / 8, 8, 274120, "P100 PCIe"); /* C1 */
    CHECK_CLOSE(r.location_kilograms_co2e.value / POUND, 626155, 1e-6);
    CHECK_CLOSE(r.fee_dollars.value, 4260.30, 1e-4);
    const aj_carbon_row *car =
        aj_carbon_find_row(carbon, "equivalents", "car, average, lifetime with fuel", NULL);
    CHECK(car != NULL);
    if (car != NULL) CHECK_NEAR(r.location_kilograms_co2e.value / car->value, 4.97, 0.005); /* C2 */
}

static const aj_paper_cell *find(const aj_paper *paper, const char *table, const char *row,
                                 const char *quantity)
{
    for (size_t i = 0; i < paper->n_cells; i++) {
        const aj_paper_cell *p = &paper->cells[i];
        if (strcmp(p->table, table) == 0 && strcmp(p->row, row) == 0 && strcmp(p->quantity, quantity) == 0)
            return p;
    }
    printf("no cell %s / %s / %s\n", table, row, quantity);
    return NULL;
}

static void cell_is(const aj_paper *paper, const char *table, const char *row, const char *quantity,
                    double printed, double recomputed, const char *verdict)
{
    const aj_paper_cell *p = find(paper, table, row, quantity);
    CHECK(p != NULL);
    if (p == NULL) return;
    CHECK_CLOSE(p->printed, printed, 0);
    CHECK_CLOSE(p->recomputed, recomputed, 1e-5);
    CHECK_STRING(aj_paper_verdict(p), verdict);
    CHECK(strcmp(verdict, "reproduced") == 0 || p->note != NULL); /* a deviation is explained */
}

static void test_tables(void)
{
    aj_paper paper;
    CHECK_OK(aj_paper_recompute(&paper, "strubell2019", &err), err);
    cell_is(&paper, "3", "Transformer-base, P100 x8", "energy with PUE", 27, 26.84319, "reproduced");
    cell_is(&paper, "3", "ELMo, P100 x3", "energy with PUE", 275, 274.8153, "reproduced");
    cell_is(&paper, "3", "ELMo, P100 x3", "cloud, on-demand", 1472, 1471.68, "reproduced");
    cell_is(&paper, "3", "BERT-base, V100 x64", "energy with PUE", 1507, 1503.0213, "close");
    cell_is(&paper, "3", "BERT-base, V100 x64", "emissions", 1438, 1433.8823, "close");
    cell_is(&paper, "3", "BERT-base, TPUv2 x16", "cloud, pre-emptible", 2074, 2242.56, "differs");
    cell_is(&paper, "3", "NAS, P100 x8", "emissions", 626155, 626155.2, "reproduced");
    cell_is(&paper, "3", "NAS, TPUv2 x1", "cloud, pre-emptible", 44055, 47629.58, "differs");
    cell_is(&paper, "3", "GPT-2, TPUv3 x32", "cloud, on-demand", 43008, 43008, "reproduced");
    cell_is(&paper, "4", "24 models (one tuning)", "cloud, on-demand", 4205, 4204.8, "reproduced");
    cell_is(&paper, "4", "24 models (one tuning)", "electricity", 118, 118.46863, "reproduced");
    cell_is(&paper, "1", "the same with tuning", "emissions", 78468, 78466.5, "close");
    cell_is(&paper, "1", "NLP pipeline, GPU", "emissions", 39, 39.242734, "reproduced");
    CHECK_INT(paper.n_cells, 8 + 24 + 26 + 9);
    size_t n_bad = 0;
    for (size_t i = 0; i < paper.n_cells; i++) {
        const char *verdict = aj_paper_verdict(&paper.cells[i]);
        bool bad = strcmp(verdict, "close") == 0 || strcmp(verdict, "differs") == 0;
        n_bad += bad;
        CHECK(!bad || paper.cells[i].note != NULL);
    }
    CHECK_INT(n_bad, 8); /* BERT row 4, TPUv2 prices 2, NAS hours 1, table 1 against 4 */
}

/* What the paper contradicts: the two factors that the article's figure is off by among them. */
static void test_conflicts(void)
{
    aj_paper paper;
    double computed = 0, happened = 0;
    CHECK_OK(aj_paper_recompute(&paper, "strubell2019", &err), err);
    CHECK(paper.n_conflicts >= 9);
    for (size_t i = 0; i < paper.n_conflicts; i++) {
        const aj_paper_conflict *p = &paper.conflicts[i];
        CHECK(isfinite(p->recomputed) && p->text[0] != '\0');
        if (strstr(p->text, "what was computed") != NULL) computed = p->printed / p->recomputed;
        if (strstr(p->text, "really happened") != NULL) happened = p->printed / p->recomputed;
        if (strstr(p->text, "footnote") != NULL) CHECK_NEAR(p->recomputed, 1.35, 1e-4);
        if (strstr(p->text, "979 million") != NULL) CHECK_NEAR(p->recomputed, 32633.33, 0.01);
        if (strstr(p->text, "52 h on average") != NULL) CHECK_NEAR(p->recomputed, 249028, 0.5);
        if (strstr(p->text, "per GPU-hour") != NULL) CHECK_NEAR(p->recomputed, 342.8, 0.05);
    }
    CHECK_NEAR(computed, 18.667, 0.005);
    CHECK_NEAR(happened, 88.2, 0.1);
    CHECK_INT(aj_paper_recompute(&paper, "strubel", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "strubell2019");
}

int main(void)
{
    aj_carbon *carbon = NULL;
    CHECK_OK(aj_carbon_open(&carbon, NULL, NULL, NULL, &err), err);
    if (carbon == NULL) return 1;
    test_equations(carbon);
    aj_carbon_close(carbon);
    test_tables();
    test_conflicts();
    return check_report();
}
