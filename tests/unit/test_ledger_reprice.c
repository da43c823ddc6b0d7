/* test_ledger_reprice.c: other prices for a run: what they replace, and what they never touch; and the
 * account of Strubell, Ganesh and McCallum 2019, Table 4. */
#include "fixture.h"

#include "attojoule/ledger.h"

static aj_error err;

static aj_ledger *open_ledger(const char *name)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    options.path = fixture_path(name);
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    if (ledger == NULL) exit(1);
    return ledger;
}

static aj_figure figure(aj_quantity quantity, const char *part, const char *unit, double value)
{
    return (aj_figure){quantity, part, unit, value, NAN, NAN, AJ_MODELLED, "table", "2023", NULL};
}

static const aj_figure *find(const aj_run *run, aj_quantity quantity, const char *part)
{
    const aj_figure *found = NULL;
    for (size_t i = 0; i < run->n_figures; i++) {
        const char *own = run->figures[i].part != NULL ? run->figures[i].part : "";
        if (run->figures[i].quantity != quantity || strcmp(own, part != NULL ? part : "") != 0) continue;
        CHECK(found == NULL); /* never twice */
        found = &run->figures[i];
    }
    return found;
}

static void replaces(void)
{
    aj_ledger *ledger = open_ledger("ledger.db");
    aj_run_who who;
    aj_run run, again;
    char uid[33];
    const aj_figure first[] = {
        figure(AJ_QUANTITY_ENERGY, "package-0", NULL, 100), figure(AJ_QUANTITY_ENERGY, "dram", NULL, 20),
        figure(AJ_QUANTITY_CO2E_LOCATION, NULL, NULL, 3),   figure(AJ_QUANTITY_CO2E_MARKET, "a", NULL, 1),
        figure(AJ_QUANTITY_CO2E_MARKET, "b", NULL, 1),      figure(AJ_QUANTITY_COST, "electricity", "USD", 5),
        figure(AJ_QUANTITY_COST, "rent", "USD", 50),        figure(AJ_QUANTITY_FLOPS, NULL, NULL, 1e9)};
    const aj_figure other[] = {
        figure(AJ_QUANTITY_CO2E_LOCATION, NULL, NULL, 0.5), figure(AJ_QUANTITY_CO2E_MARKET, NULL, NULL, 0.25),
        figure(AJ_QUANTITY_COST, "electricity", "USD", 7), figure(AJ_QUANTITY_FEE, NULL, "USD", 0.01)};
    aj_run_init(&run, &who);
    run.project = "p";
    run.figures = first;
    run.n_figures = 8;
    CHECK_OK(aj_ledger_put(ledger, &run, uid, NULL, &err), err);
    for (int twice = 0; twice < 2; twice++) { /* the same prices again change nothing */
        CHECK_OK(aj_ledger_reprice(ledger, uid, other, 4, &err), err);
        CHECK_OK(aj_ledger_find(ledger, uid, &again, &err), err);
        CHECK_INT(again.n_figures, 8);
        CHECK(find(&again, AJ_QUANTITY_ENERGY, "package-0")->value == 100);
        CHECK(find(&again, AJ_QUANTITY_ENERGY, "dram")->value == 20);
        CHECK(find(&again, AJ_QUANTITY_FLOPS, NULL)->value == 1e9);
        CHECK(find(&again, AJ_QUANTITY_CO2E_LOCATION, NULL)->value == 0.5);
        CHECK(find(&again, AJ_QUANTITY_CO2E_MARKET, NULL)->value == 0.25);
        CHECK(find(&again, AJ_QUANTITY_CO2E_MARKET, "a") == NULL);
        CHECK(find(&again, AJ_QUANTITY_COST, "electricity")->value == 7);
        CHECK(find(&again, AJ_QUANTITY_COST, "rent")->value == 50);
        CHECK(find(&again, AJ_QUANTITY_FEE, NULL)->value == 0.01);
        aj_run_destroy(&again);
    }
    /* Measured things are not for sale; impossible prices change nothing. */
    const aj_figure joules = figure(AJ_QUANTITY_ENERGY, "package-0", NULL, 1);
    const aj_figure negative[] = {figure(AJ_QUANTITY_FEE, NULL, "USD", 9),
                                  figure(AJ_QUANTITY_CO2E_LOCATION, NULL, NULL, -1)};
    CHECK_INT(aj_ledger_reprice(ledger, uid, &joules, 1, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "energy_joules");
    CHECK_INT(aj_ledger_reprice(ledger, uid, negative, 2, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_ledger_reprice(ledger, "abc", other, 4, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_ledger_reprice(ledger, "00000000000000000000000000000000", other, 4, &err), AJ_NOT_FOUND);
    CHECK_OK(aj_ledger_find(ledger, uid, &again, &err), err);
    CHECK(find(&again, AJ_QUANTITY_FEE, NULL)->value == 0.01);
    aj_run_destroy(&again);
    /* One that is still running. */
    run.state = AJ_RUN_RUNNING;
    run.uid[0] = '\0';
    CHECK_OK(aj_ledger_put(ledger, &run, uid, NULL, &err), err);
    CHECK_INT(aj_ledger_reprice(ledger, uid, other, 4, &err), AJ_NOT_MET);
    aj_ledger_close(ledger);
}

/* ---- Table 4 ---------------------------------------------------------------------------------------- */

static const aj_total *total_of(const aj_account *account, aj_quantity quantity)
{
    for (size_t i = 0; i < account->n_totals; i++)
        if (account->totals[i].quantity == quantity) return &account->totals[i];
    fprintf(stderr, "no total of %s\n", aj_quantity_name(quantity));
    exit(1);
}

enum { N_MODELS = 4789, N_ROUND = 24 };

/* Electricity: 9,870 $ for 239,942 h is what the paper's last row says of an hour (342.8 W at 0.12 $/kWh).
 * Rent: 0.43 $ (pre-emptible) to 1.46 $ (on demand) an hour of a P100. */
static const double dollars_per_hour = 9870.0 / 239942, low_rent = 0.43, high_rent = 1.46;

/* A job whose cost is its electricity, or, in another project, the rent of the machine. */
static void put_job(aj_ledger *ledger, size_t i, double hours, bool rented)
{
    aj_run_who who;
    aj_run run;
    aj_figure rent = figure(AJ_QUANTITY_COST, "rent", "USD", hours * 0.5 * (low_rent + high_rent));
    rent.low = hours * low_rent;
    rent.high = hours * high_rent;
    aj_figure figures[] = {
        figure(AJ_QUANTITY_ENERGY, NULL, NULL, hours * 342.8 * 3600),
        rented ? rent : figure(AJ_QUANTITY_COST, "electricity", "USD", hours * dollars_per_hour),
        figure(AJ_QUANTITY_DEVICE_TIME, NULL, NULL, hours * 3600),
    };
    aj_run_init(&run, &who);
    run.kind = AJ_RUN_TRAINING;
    run.project = rented ? "LISA, rented" : "LISA";
    run.round = i < N_ROUND ? "final" : "search";
    run.started_unix_seconds = 1.5e9 + (double)i;
    run.duration_seconds = hours * 3600;
    run.figures = figures;
    run.n_figures = 3;
    CHECK_OK(aj_ledger_put(ledger, &run, NULL, NULL, &err), err);
}

typedef struct {
    size_t n_runs, n_last;
    const char *round;
    double hours, low_dollars, high_dollars, electricity_dollars;
    double half_digit_dollars; /* of the rents as they are printed */
} printed_row;

static aj_account account_of(aj_ledger *ledger, const char *project, const printed_row *row)
{
    aj_account account;
    aj_run_filter filter = aj_run_filter_any();
    filter.project = project;
    filter.round = row->round;
    filter.n_last = row->n_last;
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    return account;
}

/* Strubell, Ganesh and McCallum 2019, Table 4, as printed. */
static void table_4(void)
{
    static const printed_row rows[] = {
        {1, 1, "final", 120, 52, 175, 5, 0.5},
        {N_ROUND, 0, "final", 2880, 1238, 4205, 118, 0.5},
        {N_MODELS, 0, NULL, 239942, 103e3, 350e3, 9870, 500},
    };
    aj_ledger *ledger = open_ledger("lisa.db");
    double rest = (239942.0 - 2880.0) / (N_MODELS - N_ROUND);
    for (size_t i = 0; i < N_MODELS; i++) {
        put_job(ledger, i, i < N_ROUND ? 120 : rest, false);
        put_job(ledger, i, i < N_ROUND ? 120 : rest, true);
    }
    for (size_t i = 0; i < 3; i++) {
        const printed_row *row = &rows[i];
        aj_account power = account_of(ledger, "LISA", row), rent = account_of(ledger, "LISA, rented", row);
        CHECK_INT(power.n_runs, row->n_runs);
        CHECK_INT(rent.n_runs, row->n_runs);
        CHECK_CLOSE(power.duration_seconds / 3600, row->hours, 1e-9);
        CHECK_CLOSE(total_of(&power, AJ_QUANTITY_DEVICE_TIME)->value / 3600, row->hours, 1e-9);
        CHECK_CLOSE(total_of(&power, AJ_QUANTITY_ENERGY)->value / 3.6e6, row->hours * 0.3428, 1e-9);
        CHECK_NEAR(total_of(&power, AJ_QUANTITY_COST)->value, row->electricity_dollars, 0.6);
        CHECK_NEAR(total_of(&rent, AJ_QUANTITY_COST)->low, row->low_dollars, row->half_digit_dollars);
        CHECK_NEAR(total_of(&rent, AJ_QUANTITY_COST)->high, row->high_dollars, row->half_digit_dollars);
        CHECK_STRING(total_of(&rent, AJ_QUANTITY_COST)->unit, "USD");
    }
    aj_ledger_close(ledger);
}

int main(void)
{
    replaces();
    table_4();
    fixture_remove();
    return check_report();
}
