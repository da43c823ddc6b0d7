/* card_account.c: several runs together, and the budgets of their projects. */
#include <math.h>
#include <string.h>

#include "card.h"

#define MISSING ((double)NAN)

static const struct {
    aj_quantity quantity;
    const char *label;
} sums[] = {{AJ_QUANTITY_ENERGY, "energy"},
            {AJ_QUANTITY_CO2E_LOCATION, "CO2e, location-based"},
            {AJ_QUANTITY_CO2E_MARKET, "CO2e, market-based"},
            {AJ_QUANTITY_CO2E_EMBODIED, "CO2e, embodied"},
            {AJ_QUANTITY_COST, "cost"},
            {AJ_QUANTITY_FEE, "internal carbon fee"},
            {AJ_QUANTITY_FLOPS, "FLOPs"},
            {AJ_QUANTITY_DEVICE_TIME, "time x accelerators"}};

static const char *runs_words(cli_memory *memory, uint64_t n)
{
    return n == 1 ? "1 run" : cli_memory_text(memory, "%llu runs", (unsigned long long)n);
}

static void put_total(cli_card *card, const aj_total *total, const char *label, uint64_t n_runs)
{
    aj_card_row *row =
        cli_card_number(card, AJ_CARD_SUM, aj_quantity_name(total->quantity), label, total->value,
                        cli_memory_text(card->memory, "%s", total->unit), (int)total->origin);
    row->low = total->low;
    row->high = total->high;
    row->note = total->n_runs < n_runs
                    ? cli_memory_text(card->memory, "of %s; the others do not say",
                                      runs_words(card->memory, total->n_runs))
                    : cli_memory_text(card->memory, "of %s", runs_words(card->memory, total->n_runs));
}

static const aj_total *total_of(const aj_account *account, aj_quantity quantity)
{
    for (size_t i = 0; i < account->n_totals; i++)
        if (account->totals[i].quantity == quantity) return &account->totals[i];
    return NULL;
}

static void put_efficiency(cli_card *card, const aj_account *account)
{
    const aj_total *flops = total_of(account, AJ_QUANTITY_FLOPS),
                   *energy = total_of(account, AJ_QUANTITY_ENERGY);
    if (flops == NULL || energy == NULL || flops->n_runs != energy->n_runs || !(energy->value > 0)) return;
    cli_card_number(card, AJ_CARD_SUM, "flops_per_joule", "FLOPs per joule", flops->value / energy->value,
                    "FLOP/J", (int)(flops->origin > energy->origin ? flops->origin : energy->origin));
}

static const char *join_uids(cli_memory *memory, const cli_card_run *runs, size_t n)
{
    char *text = cli_memory_take(memory, 33 * n + 1, 1);
    for (size_t i = 0; i < n; i++) memcpy(text + 33 * i, runs[i].run.uid, 32);
    for (size_t i = 1; i < n; i++) text[33 * i - 1] = ',';
    return text;
}

/* The basis of all the runs; NULL: they differ, or there is none. *differ: the first reason. */
static const char *common_basis(const cli_card_run *runs, size_t n, bool *differ)
{
    const char *common = NULL;
    *differ = false;
    for (size_t i = 0; i < n; i++) {
        const char *label = cli_card_basis_label(&runs[i]);
        if (label == NULL) continue;
        if (common != NULL && strcmp(common, label) != 0) *differ = true;
        common = label;
    }
    return *differ ? NULL : common;
}

/* Kilograms that count different things are not added. */
static void put_totals(cli_card *card, const aj_account *account, const char *basis, bool differ)
{
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        for (size_t k = 0; k < account->n_totals; k++) {
            const aj_total *total = &account->totals[k];
            bool location = sums[i].quantity == AJ_QUANTITY_CO2E_LOCATION;
            bool carbon = location || sums[i].quantity == AJ_QUANTITY_CO2E_MARKET;
            const char *label =
                location && basis != NULL ? cli_memory_text(card->memory, "CO2e, %s", basis) : sums[i].label;
            if (total->quantity != sums[i].quantity) continue;
            if (carbon && differ)
                cli_card_number(card, AJ_CARD_SUM, aj_quantity_name(total->quantity), label, MISSING, "kg",
                                AJ_NO_ORIGIN)
                    ->note =
                    "not added: the factors of the runs count different things (`aj ledger reprice --basis`)";
            else
                put_total(card, total, label, account->n_runs);
        }
}

int cli_card_put_account(cli *c, cli_card *card, aj_ledger *ledger, const cli_card_run *runs, size_t n,
                         const aj_carbon *carbon)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_account account;
    aj_run_filter filter = aj_run_filter_any();
    filter.uids = join_uids(card->memory, runs, n);
    if (aj_ledger_account(ledger, &filter, &account, &err) != AJ_OK) return cli_failed(c, &err);
    aj_card_row *row =
        cli_card_number(card, AJ_CARD_SUM, "n_runs", "runs", (double)account.n_runs, NULL, AJ_NO_ORIGIN);
    if (account.n_runs < n)
        row->note = cli_memory_text(card->memory, "%zu more ran inside one of them and are not added again",
                                    n - (size_t)account.n_runs);
    if (account.n_running > 0)
        cli_card_number(card, AJ_CARD_SUM, "n_running", "of these without an end", (double)account.n_running,
                        NULL, AJ_NO_ORIGIN);
    cli_card_number(card, AJ_CARD_SUM, "duration_seconds", "time of the runs", account.duration_seconds, "s",
                    AJ_NO_ORIGIN);
    bool differ;
    const char *basis = common_basis(runs, n, &differ);
    put_totals(card, &account, basis, differ);
    if (total_of(&account, AJ_QUANTITY_ENERGY) == NULL)
        cli_card_number(card, AJ_CARD_SUM, "energy_joules", "energy", MISSING, "J", AJ_NO_ORIGIN)->note =
            "no run says";
    put_efficiency(card, &account);
    const aj_total *location = total_of(&account, AJ_QUANTITY_CO2E_LOCATION);
    if (location != NULL && !differ) cli_card_put_equivalents(card, carbon, location->value);
    return EXIT_OK;
}

/* ---- budgets ---- */

static void put_budget(cli_card *card, const aj_budget *budget)
{
    const char *name = aj_quantity_name(budget->quantity),
               *unit = cli_memory_text(card->memory, "%s", budget->unit);
    const char *project = cli_memory_text(card->memory, "%s", budget->project), *label = name;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (sums[i].quantity == budget->quantity) label = sums[i].label;
    const aj_total *spent = &budget->spent;
    double share = budget->value > 0  ? spent->value / budget->value
                   : spent->value > 0 ? (double)INFINITY
                                      : MISSING;
    bool over = spent->value > budget->value;
    aj_card_row *row =
        cli_card_number(card, AJ_CARD_BUDGETS, cli_memory_text(card->memory, "budget_spent_%s", name),
                        cli_memory_text(card->memory, "%s: %s, spent", project, label), spent->value, unit,
                        (int)spent->origin);
    row->low = spent->low;
    row->high = spent->high;
    row->note = isnan(spent->value)
                    ? "no run of the project says"
                    : cli_memory_text(card->memory, "of %s", runs_words(card->memory, spent->n_runs));
    cli_card_number(card, AJ_CARD_BUDGETS, cli_memory_text(card->memory, "budget_limit_%s", name),
                    cli_memory_text(card->memory, "%s: %s, budget", project, label), budget->value, unit,
                    AJ_NO_ORIGIN);
    row = cli_card_number(card, AJ_CARD_BUDGETS, "budget_spent_ratio",
                          cli_memory_text(card->memory, "%s: %s, share spent", project, label),
                          isinf(share) ? MISSING : share, NULL, AJ_NO_ORIGIN);
    row->alarm = over;
    row->note = over                                                       ? "OVER THE BUDGET"
                : spent->value >= 0.8 * budget->value && budget->value > 0 ? "80 % are spent"
                                                                           : NULL;
}

int cli_card_put_budgets(cli *c, cli_card *card, aj_ledger *ledger, const char *project)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_budget *budgets = NULL;
    size_t n = 0;
    if (aj_ledger_budgets(ledger, project, &budgets, &n, &err) != AJ_OK) return cli_failed(c, &err);
    for (size_t i = 0; i < n; i++) put_budget(card, &budgets[i]);
    aj_budgets_free(budgets);
    return EXIT_OK;
}
