/* paper.h: tables of papers, cell by cell. */
#ifndef AJP_PAPER_H
#define AJP_PAPER_H

#include "attojoule/carbon.h"

void ajp_paper_cell(aj_paper *paper, aj_paper_cell cell);
void ajp_paper_conflict(aj_paper *paper, const char *unit, double printed, double recomputed,
                        const char *text);

/* Strubell 2019, equation 1: kWh with PUE from the watts of everything, and equation 2: lb CO2e. */
double ajp_strubell_kilowatt_hours(double watts, double hours);
double ajp_strubell_pounds(double kilowatt_hours);
/* Patterson 2021: kWh = hours x processors x W x PUE / 1000. */
double ajp_patterson_kilowatt_hours(double hours, double n_processors, double watts, double pue);

void ajp_paper_strubell2019(aj_paper *paper);
void ajp_paper_patterson2021(aj_paper *paper);

#endif
