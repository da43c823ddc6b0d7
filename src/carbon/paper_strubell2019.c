/* paper_strubell2019.c: tables 1 to 4 of Strubell, Ganesh, McCallum (ACL 2019), as printed and recomputed
 * from their own columns: nothing is corrected silently; what does not fit is said in a note and in the list
 * of conflicts. */
#include "paper.h"

#include <math.h>
#include <stddef.h>

#define DOLLARS_PER_KILOWATT_HOUR 0.12 /* the paper, section 2.2 */

typedef struct {
    const char *model;
    double n_processors, watts, hours, kilowatt_hours, pounds; /* NaN = a dash in the table */
    double low_price, high_price, low_dollars, high_dollars; /* prices per processor and hour: its footnote */
    const char *energy_note, *low_note, *high_note;
} training;

static const training table3[] = {
    {"Transformer-base, P100 x8", 8, 1415.78, 12, 27, 26, 0.43, 1.46, 41, 140, NULL, NULL, NULL},
    {"Transformer-big, P100 x8", 8, 1515.43, 84, 201, 192, 0.43, 1.46, 289, 981, NULL, NULL, NULL},
    {"ELMo, P100 x3", 3, 517.66, 336, 275, 262, 0.43, 1.46, 433, 1472, NULL, NULL, NULL},
    {"BERT-base, V100 x64", 64, 12041.51, 79, 1507, 1438, 0.74, 2.48, 3751, 12571,
     "79.2 h gives the printed value", "79.2 h gives the printed value", "79.2 h gives the printed value"},
    {"BERT-base, TPUv2 x16", 16, NAN, 96, NAN, NAN, 1.46, 4.50, 2074, 6912, NULL,
     "1.35 $/h gives the printed value, the footnote says 1.46", NULL},
    {"NAS, P100 x8", 8, 1515.43, 274120, 656347, 626155, 0.43, 1.46, 942973, 3201722, NULL, NULL, NULL},
    {"NAS, TPUv2 x1", 1, NAN, 32623, NAN, NAN, 1.46, 4.50, 44055, 146848, NULL,
     "1.35 $/h and 32,633 h give the printed value", "32,633 h gives the printed value"},
    {"GPT-2, TPUv3 x32", 32, NAN, 168, NAN, NAN, 2.40, 8.00, 12902, 43008, NULL, NULL, NULL},
};

static void cell(aj_paper *paper, const char *table, const char *row, const char *quantity, const char *unit,
                 double printed, double recomputed, double resolution, const char *note)
{
    ajp_paper_cell(paper, (aj_paper_cell){table, row, quantity, unit, printed, recomputed, resolution, note});
}

static void add_table3(aj_paper *paper)
{
    for (size_t i = 0; i < sizeof table3 / sizeof *table3; i++) {
        const training *t = &table3[i];
        double n_hours = t->n_processors * t->hours;
        if (!isnan(t->watts)) {
            double kwh = ajp_strubell_kilowatt_hours(t->watts, t->hours);
            cell(paper, "3", t->model, "energy with PUE", "kWh", t->kilowatt_hours, kwh, 1, t->energy_note);
            cell(paper, "3", t->model, "emissions", "lb CO2e", t->pounds, ajp_strubell_pounds(kwh), 1,
                 t->energy_note);
        }
        cell(paper, "3", t->model, "cloud, pre-emptible", "$", t->low_dollars, n_hours * t->low_price, 1,
             t->low_note);
        cell(paper, "3", t->model, "cloud, on-demand", "$", t->high_dollars, n_hours * t->high_price, 1,
             t->high_note);
    }
}

/* Table 4 prints no watts. Its last row implies them: 9,870 $ / 0.12 $/kWh over 239,942 GPU-hours. */
static double implied_kilowatts(void)
{
    return 9870 / DOLLARS_PER_KILOWATT_HOUR / 239942;
}

static void add_table4(aj_paper *paper)
{
    static const struct {
        const char *row;
        double hours, low, high, electricity, resolution;
    } rows[] = {
        {"1 model", 120, 52, 175, 5, 1},
        {"24 models (one tuning)", 2880, 1238, 4205, 118, 1},
        {"4,789 models (whole project)", 239942, 103e3, 350e3, 9870, 1000},
    };
    for (size_t i = 0; i < 3; i++) {
        double electricity = rows[i].hours * implied_kilowatts() * DOLLARS_PER_KILOWATT_HOUR;
        cell(paper, "4", rows[i].row, "cloud, pre-emptible", "$", rows[i].low, rows[i].hours * 0.43,
             rows[i].resolution, NULL);
        cell(paper, "4", rows[i].row, "cloud, on-demand", "$", rows[i].high, rows[i].hours * 1.46,
             rows[i].resolution, NULL);
        cell(paper, "4", rows[i].row, "electricity", "$", rows[i].electricity, i < 2 ? electricity : NAN, 1,
             i < 2 ? NULL : "taken as it is: the watts of the other rows come from it");
    }
}

static void add_table1(aj_paper *paper)
{
    static const struct {
        const char *row;
        double pounds;
    } inputs[] = {{"flight, NY-SF return", 1984},
                  {"human life, 1 year", 11023},
                  {"American life, 1 year", 36156},
                  {"car with fuel, 1 lifetime", 126000}};
    for (size_t i = 0; i < 4; i++)
        cell(paper, "1", inputs[i].row, "emissions", "lb CO2e", inputs[i].pounds, NAN, 1, NULL);
    cell(paper, "1", "NLP pipeline, GPU", "emissions", "lb CO2e", 39,
         ajp_strubell_pounds(120 * implied_kilowatts()), 1, "from table 4: 120 h");
    cell(paper, "1", "the same with tuning", "emissions", "lb CO2e", 78468,
         ajp_strubell_pounds(9870 / DOLLARS_PER_KILOWATT_HOUR), 1, "from table 4: 9,870 $");
    cell(paper, "1", "Transformer (big)", "emissions", "lb CO2e", 192,
         ajp_strubell_pounds(ajp_strubell_kilowatt_hours(1515.43, 84)), 1, "from table 3");
    cell(paper, "1", "with architecture search", "emissions", "lb CO2e", 626155,
         ajp_strubell_pounds(ajp_strubell_kilowatt_hours(1515.43, 274120)), 1, "from table 3");
}

static void add_table2(aj_paper *paper)
{
    static const char *const sources[] = {"renewables", "gas", "coal", "nuclear"};
    static const struct {
        const char *who;
        double percent[4];
    } rows[] = {{"China", {22, 3, 65, 4}},           {"Germany", {40, 7, 38, 13}},
                {"United States", {17, 35, 27, 19}}, {"Amazon AWS", {17, 24, 30, 26}},
                {"Google", {56, 14, 15, 10}},        {"Microsoft", {32, 23, 31, 10}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < 4; k++)
            cell(paper, "2", rows[i].who, sources[k], "%", rows[i].percent[k], NAN, 1, NULL);
}

static void add_conflicts(aj_paper *paper)
{
    double search = ajp_strubell_pounds(ajp_strubell_kilowatt_hours(1515.43, 274120));
    double per_chip_hour =
        ajp_strubell_pounds(ajp_strubell_kilowatt_hours(1515.43 / 8, 1)); /* 0.2855296 lb */
    double computed = 1 * 979e6 * 0.00012 * per_chip_hour;
    double happened = ajp_patterson_kilowatt_hours(6.8 * 24, 200, 208, 1.10) * 0.431 / 0.45359237;
    ajp_paper_conflict(paper, "h", 79, 79.2,
                       "BERT-base on V100: energy, emissions and costs were computed with 79.2 h");
    ajp_paper_conflict(paper, "h", 32623, 979e6 / 300e3 * 10,
                       "NAS on TPUv2: 979 million steps at 300,000 steps in 10 h; the printed costs use it");
    ajp_paper_conflict(
        paper, "$/h", 1.46, 44055.0 / 32633,
        "TPUv2 pre-emptible: the footnote repeats the price of the P100; the printed costs used less");
    ajp_paper_conflict(paper, "W", 517.66 / 3, 1515.43 / 8,
                       "ELMo was measured on three GTX 1080 Ti and is labelled P100 x3 (watts per GPU of "
                       "this row, and of a real P100 row)");
    ajp_paper_conflict(paper, "h", 239942, 4789 * 52.0,
                       "4,789 jobs of 52 h on average are not the printed hours");
    ajp_paper_conflict(paper, "h", 239942, 9998 * 24.0, "9,998 GPU-days are not the printed hours");
    ajp_paper_conflict(paper, "W", NAN, 1000 * implied_kilowatts(),
                       "table 4's electricity implies this per GPU-hour, PUE included (217 W without); no "
                       "watts are printed");
    ajp_paper_conflict(paper, "lb CO2e", 78468, ajp_strubell_pounds(9870 / DOLLARS_PER_KILOWATT_HOUR),
                       "table 1 and table 4 differ in the whole project");
    ajp_paper_conflict(
        paper, "W", 1515.43 / 8, 296,
        "a P100 of the Transformer rows draws less than Patterson 2021 measured for the same model");
    ajp_paper_conflict(paper, "lb CO2e", 626155, search,
                       "the figure of the article, reproduced: 8 x 979e6 x 0.00028 h x 0.2855296 lb, as if "
                       "every step trained "
                       "the full-size model");
    ajp_paper_conflict(
        paper, "lb CO2e", 626155, computed,
        "what was computed: 1 x 979e6 x 0.00012 h on the small proxy (Patterson 2021): 18.7 times less");
    ajp_paper_conflict(
        paper, "lb CO2e", 626155, happened,
        "the run that really happened: 200 TPUv2, 6.8 days, Georgia, 3.2 t (Patterson 2021): 88 times less");
}

void ajp_paper_strubell2019(aj_paper *paper)
{
    paper->cite =
        "Strubell, Ganesh, McCallum, Energy and Policy Considerations for Deep Learning in NLP, ACL 2019, "
        "arXiv:1906.02243";
    paper->equations = "kWh = 1.58 t (p_c + p_r + g p_g) / 1000;  lb CO2e = 0.954 kWh;  1 lb = 0.45359237 kg";
    add_table1(paper);
    add_table2(paper);
    add_table3(paper);
    add_table4(paper);
    add_conflicts(paper);
}
