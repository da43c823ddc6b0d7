/* paper_patterson2021.c: tables 1 to 4 of Patterson et al., Carbon Emissions and Large Neural Network
 * Training. */
#include "paper.h"

#include <math.h>
#include <stddef.h>

typedef struct {
    const char *model;
    double gross, net, pue, watts, teraflops, n_chips, days; /* kg/kWh, kg/kWh, 1, W per chip, T/s per chip */
    double flops, energy, gross_tonnes, net_tonnes;          /* as printed; energy in kWh or MWh */
    double energy_resolution;
    const char *note;
} training;

static const training table1[] = {
    {"T-big, P100, US average", .429, .429, 1.59, 296, 6.7, 8, 3.5, 1.61e19, 316, .1357, .1357, 1, NULL},
    {"T-big, P100, Iowa", .478, .080, 1.11, 296, 6.7, 8, 3.5, 1.61e19, 221, .1055, .0177, 1, NULL},
    {"Evolved T., P100, Iowa", .478, .080, 1.11, 271, 4.7, 8, 3.2, 1.03e19, 185, .0883, .0148, 1, NULL},
    {"T-big, TPUv2, Iowa", .478, .080, 1.11, 229, 28.8, 8, .81, 1.61e19, 40, .0189, .0032, 1, NULL},
    {"Evolved T., TPUv2, Iowa", .478, .080, 1.11, 227, 24.0, 8, .62, 1.03e19, 30, .0143, .0024, 1, NULL},
};

static const training table4[] = {
    {"Evolved Transformer NAS", .431, .431, 1.10, 208, 24.8, 200, 6.8, 2.91e21, 7.5, 3.2, 3.2, .1, NULL},
    {"T5", .545, .545, 1.12, 310, 45.6, 512, 20, 4.05e22, 85.7, 46.7, 46.7, .1, NULL},
    {"Meena", .415, .415, 1.09, 289, 42.3, 1024, 30, 1.12e23, 232, 96.4, 96.4, 1, NULL},
    {"GShard-600B", .201, .177, 1.09, 288, 48.0, 1024, 3.1, 1.33e22, 24.1, 4.8, 4.3, .1,
     "its 3.1 days are printed with two digits: 1.6 % either way"},
    {"Switch Transformer", .403, .330, 1.10, 245, 34.4, 1024, 27, 8.22e22, 179, 72.2, 59.1, 1, NULL},
    {"GPT-3", .429, .429, 1.10, 330, 24.6, 10000, 14.8, 3.14e23, 1287, 552.1, 552.1, 1, NULL},
};

static double kilowatt_hours(const training *t)
{
    return ajp_patterson_kilowatt_hours(24 * t->days, t->n_chips, t->watts, t->pue);
}

/* The resolution of a number printed with three significant digits. */
static double third_digit(double value)
{
    return pow(10, floor(log10(value)) - 2);
}

static void add_trainings(aj_paper *paper, const char *table, const training *rows, size_t n,
                          double energy_scale, const char *unit, double tonnes_resolution)
{
    for (size_t i = 0; i < n; i++) {
        const training *t = &rows[i];
        double kwh = kilowatt_hours(t), flops = t->n_chips * t->days * 86400 * t->teraflops * 1e12;
        ajp_paper_cell(paper, (aj_paper_cell){table, t->model, "computation", "FLOP", t->flops, flops,
                                              third_digit(t->flops), t->note});
        ajp_paper_cell(paper, (aj_paper_cell){table, t->model, "energy with PUE", unit, t->energy,
                                              kwh / energy_scale, t->energy_resolution, t->note});
        ajp_paper_cell(paper, (aj_paper_cell){table, t->model, "emissions, gross", "t CO2e", t->gross_tonnes,
                                              kwh * t->gross / 1000, tonnes_resolution, t->note});
        ajp_paper_cell(paper, (aj_paper_cell){table, t->model, "emissions, net", "t CO2e", t->net_tonnes,
                                              kwh * t->net / 1000, tonnes_resolution, t->note});
    }
}

static void add_inputs(aj_paper *paper)
{
    static const aj_paper_cell inputs[] = {
        {"2", "one passenger, SF-NY return", "emissions", "t CO2e", 1.2, NAN, .1, NULL},
        {"2", "whole jet, SF-NY return", "emissions", "t CO2e", 180, NAN, 1, NULL},
        {"3", "TPUv2", "system power per chip, +- 5 %", "W", 221, NAN, 1, NULL},
        {"3", "TPUv3", "system power per chip, +- 10 %", "W", 283, NAN, 1, NULL},
        {"3", "P100", "system power per chip, +- 11 %", "W", 271, NAN, 1, NULL},
        {"3", "V100", "system power per chip, +- 2 %", "W", 325, NAN, 1, NULL},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) ajp_paper_cell(paper, inputs[i]);
}

static void add_conflicts(aj_paper *paper)
{
    const training *gpt3 = &table4[5], *nas = &table4[0];
    double search_tonnes = 626155 * 0.45359237 / 1000;
    ajp_paper_conflict(paper, "MWh", 1287, kilowatt_hours(gpt3) / 1000,
                       "GPT-3: the printed columns give 0.2 % more than the printed energy");
    ajp_paper_conflict(paper, "t CO2e", 552.1, kilowatt_hours(gpt3) * gpt3->gross / 1000,
                       "GPT-3: and so its emissions");
    ajp_paper_conflict(
        paper, "W", 283, 245,
        "Switch Transformer's TPUv3 draws 13 % less than table 3's average, whose spread is given as 10 %");
    ajp_paper_conflict(paper, "1", 57, .1357 / .0024,
                       "the total gain of table 1, from its own first and last column");
    ajp_paper_conflict(
        paper, "1", 18.7, 8 * 0.00028 / 0.00012,
        "how far Strubell's search was above what was computed: 8 x 0.00028 h against 0.00012 h a step");
    ajp_paper_conflict(paper, "1", 88, search_tonnes / (kilowatt_hours(nas) * nas->gross / 1000),
                       "how far Strubell's search (626,155 lb) was above the run that really happened");
    ajp_paper_conflict(paper, "W", 189.4, 296,
                       "the same model on the same P100: Strubell's watts per GPU, and the system's here");
}

void ajp_paper_patterson2021(aj_paper *paper)
{
    paper->cite =
        "Patterson et al., Carbon Emissions and Large Neural Network Training, 2021, arXiv:2104.10350";
    paper->equations =
        "kWh = hours x processors x W x PUE / 1000;  t CO2e = kWh x kg/kWh / 1000 (gross: the grid; net: "
        "after hourly local clean energy)";
    add_trainings(paper, "1", table1, sizeof table1 / sizeof *table1, 1, "kWh", .0001);
    add_inputs(paper);
    add_trainings(paper, "4", table4, sizeof table4 / sizeof *table4, 1000, "MWh", .1);
    add_conflicts(paper);
}
