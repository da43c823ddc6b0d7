/* here.c: the hardware cpu-here: its figures are those of the newest aj bench of this machine in the ledger.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "evaluate.h"

#include "attojoule/ledger.h"

typedef struct {
    const char *host;
    double joules_per_mac, macs_per_second;
    char source[400];
} figures;

static double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* A run that is an aj bench with joules; the last one that is stays. */
static bool look_at(void *user, const aj_run *run)
{
    figures *f = user;
    if (run->record == NULL || run->host == NULL || f->host == NULL || strcmp(run->host, f->host) != 0)
        return true;
    json_t *record = json_loads(run->record, 0, NULL);
    const json_t *bench = json_object_get(record, "bench"),
                 *energy = json_object_get(bench, "energy_joules_per_inference");
    double joules = number_at(energy, "value"), macs = number_at(bench, "macs_per_inference"),
           rate = number_at(bench, "inferences_per_second");
    if (joules > 0.0 && macs > 0.0) {
        const char *origin = json_string_value(json_object_get(energy, "origin")),
                   *model = json_string_value(json_object_get(bench, "model"));
        time_t seconds = (time_t)run->started_unix_seconds;
        struct tm at;
        char when[40] = "an unknown time";
        if (gmtime_r(&seconds, &at) != NULL) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &at);
        f->joules_per_mac = joules / macs;
        f->macs_per_second = macs * rate;
        snprintf(
            f->source, sizeof f->source,
            "%s by aj bench of %.200s at %s, run %.8s of the ledger: whole program, per multiply-accumulate",
            origin != NULL ? origin : "of unknown origin", model != NULL ? model : "a network", when,
            run->uid);
    }
    json_decref(record);
    return true;
}

/* No ledger, no runs, no joules: all the same, nothing is found. */
static void find_figures(cli *c, figures *out)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    aj_run own;
    aj_run_who who;
    aj_run_init(&own, &who);
    out->host = own.host;
    out->joules_per_mac = out->macs_per_second = (double)NAN;
    options.path = cli_has(c, "ledger") ? cli_text(c, "ledger") : NULL;
    options.read_only = true;
    if (aj_ledger_open(&ledger, &options, NULL) == AJ_OK) {
        aj_run_filter filter = aj_run_filter_any();
        filter.kind = AJ_RUN_EVALUATION;
        filter.state = AJ_RUN_FINISHED;
        if (aj_ledger_each(ledger, &filter, look_at, out, NULL) != AJ_OK) out->joules_per_mac = (double)NAN;
    }
    aj_ledger_close(ledger);
    aj_run_destroy(&own);
    out->host = NULL;
}

int cli_fill_measured(cli *c, aj_hardware *hardware)
{
    aj_parameter joules, rate;
    aj_error err = {AJ_OK, 0, ""};
    figures found;
    if (strcmp(aj_hardware_describe(hardware).name, "cpu-here") != 0 ||
        !aj_hardware_find(hardware, "mac_energy_joules", &joules) ||
        !aj_hardware_find(hardware, "measured_macs_per_second", &rate) || !isnan(joules.value))
        return EXIT_OK;
    find_figures(c, &found);
    if (isnan(found.joules_per_mac)) {
        cli_complain(c,
                     "cpu-here has no figures: the ledger has no aj bench of this machine with joules; run "
                     "'aj bench MODEL', or --set mac_energy_joules=...");
        return EXIT_FAILED;
    }
    if (aj_hardware_set_sourced(hardware, "mac_energy_joules", found.joules_per_mac, found.source, &err) !=
        AJ_OK)
        return cli_failed(c, &err);
    if (isnan(rate.value) && found.macs_per_second > 0.0 &&
        aj_hardware_set_sourced(hardware, "measured_macs_per_second", found.macs_per_second, found.source,
                                &err) != AJ_OK)
        return cli_failed(c, &err);
    return EXIT_OK;
}
