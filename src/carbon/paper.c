/* paper.c: which papers are known, and what a recomputed number is worth. */
#include "paper.h"

#include <math.h>
#include <string.h>

#include "base/internal.h"

static const struct {
    const char *name;
    void (*fill)(aj_paper *paper);
} papers[] = {
#define PAPER(name) {#name, ajp_paper_##name},
#include "papers.def"
#undef PAPER
};
enum { N_PAPERS = sizeof papers / sizeof *papers };

const char *aj_paper_name(size_t i)
{
    return i < N_PAPERS ? papers[i].name : NULL;
}

aj_status aj_paper_recompute(aj_paper *out, const char *name, aj_error *err)
{
    for (size_t i = 0; i < N_PAPERS; i++) {
        if (strcmp(name, papers[i].name) != 0) continue;
        memset(out, 0, sizeof *out);
        out->name = papers[i].name;
        papers[i].fill(out);
        return AJ_OK;
    }
    return ajp_fail(err, AJ_NOT_FOUND, 0, "no paper '%.60s'; known are strubell2019, patterson2021", name);
}

const char *aj_paper_verdict(const aj_paper_cell *cell)
{
    double difference = fabs(cell->recomputed - cell->printed);
    if (isnan(cell->recomputed)) return "input";
    if (difference <= 0.5 * cell->resolution * (1 + 1e-6)) return "reproduced";
    return difference <= 0.01 * fabs(cell->printed) ? "close" : "differs";
}

void ajp_paper_cell(aj_paper *paper, aj_paper_cell cell)
{
    if (paper->n_cells < sizeof paper->cells / sizeof *paper->cells) paper->cells[paper->n_cells++] = cell;
}

void ajp_paper_conflict(aj_paper *paper, const char *unit, double printed, double recomputed,
                        const char *text)
{
    if (paper->n_conflicts < sizeof paper->conflicts / sizeof *paper->conflicts)
        paper->conflicts[paper->n_conflicts++] = (aj_paper_conflict){unit, text, printed, recomputed};
}

double ajp_strubell_kilowatt_hours(double watts, double hours)
{
    return 1.58 * hours * watts / 1000;
}

double ajp_strubell_pounds(double kilowatt_hours)
{
    return 0.954 * kilowatt_hours;
}

double ajp_patterson_kilowatt_hours(double hours, double n_processors, double watts, double pue)
{
    return hours * n_processors * watts * pue / 1000;
}
