/* hardware.c: the object: parameters in a family's struct, a source beside each. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/yaml.h"
#include "object.h"
#include "prices.h"
#include "units.h"

const double ajp_percentile_ratio[AJP_N_PERCENTILES] = {0.99, 0.999, 0.9999, 0.99999, 1.0};

static double *value_at(const aj_hardware *hardware, size_t i)
{
    return (double *)((char *)hardware->params + hardware->ops->params[i].offset);
}

aj_status ajp_hardware_create(aj_hardware **out, const aj_context *context, const ajp_hardware_ops *ops,
                              aj_error *err)
{
    aj_hardware *hardware = ajp_calloc(context, 1, sizeof *hardware);
    if (hardware == NULL) return ajp_no_memory(err, "a hardware description");
    *hardware =
        (aj_hardware){.context = context, .ops = ops, .name = "", .node = "", .cite = "", .summary = ""};
    ajp_arena_init(&hardware->arena, context);
    hardware->params = ajp_arena_alloc(&hardware->arena, ops->params_size);
    hardware->sources = ajp_arena_array(&hardware->arena, ops->n_params, sizeof *hardware->sources);
    if (hardware->params == NULL || hardware->sources == NULL) {
        aj_hardware_destroy(hardware);
        return ajp_no_memory(err, "a hardware description");
    }
    for (size_t i = 0; i < ops->n_params; i++) {
        *value_at(hardware, i) = ops->params[i].def;
        hardware->sources[i] = ops->params[i].def_source;
    }
    *out = hardware;
    return AJ_OK;
}

void aj_hardware_destroy(aj_hardware *hardware)
{
    if (hardware == NULL) return;
    const aj_context *context = hardware->context;
    ajp_arena_free(&hardware->arena);
    ajp_free(context, hardware);
}

aj_status aj_hardware_clone(aj_hardware **out, const aj_hardware *hardware, aj_error *err)
{
    aj_hardware *copy = NULL;
    aj_status st = AJ_OK;
    *out = NULL;
    AJ_TRY(ajp_hardware_create(&copy, hardware->context, hardware->ops, err));
    const char *const from[] = {hardware->name, hardware->node, hardware->cite, hardware->summary};
    const char **const to[] = {&copy->name, &copy->node, &copy->cite, &copy->summary};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        if ((*to[i] = ajp_arena_strdup(&copy->arena, from[i])) == NULL) goto no_memory;
    for (size_t i = 0; i < copy->ops->n_params; i++) {
        *value_at(copy, i) = *value_at(hardware, i);
        if ((copy->sources[i] = ajp_arena_strdup(&copy->arena, hardware->sources[i])) == NULL) goto no_memory;
    }
    copy->evidence = hardware->evidence;
    copy->year = hardware->year;
    *out = copy;
    return AJ_OK;
no_memory:
    st = ajp_no_memory(err, "a hardware description");
    aj_hardware_destroy(copy);
    return st;
}

/* ---- setting ----------------------------------------------------------------------------------- */

static const char *key_at(const void *list, size_t i)
{
    const ajp_hardware_ops *ops = list;
    return i < ops->n_params ? ops->params[i].key : NULL;
}

aj_status ajp_hardware_key(const ajp_hardware_ops *ops, const char *key, const char *where, size_t *out,
                           aj_error *err)
{
    for (size_t i = 0; i < ops->n_params; i++) {
        if (strcmp(ops->params[i].key, key) != 0) continue;
        *out = i;
        return AJ_OK;
    }
    const char *near = ajp_nearest(key, key_at, ops);
    return ajp_fail(err, AJ_NOT_FOUND, 0, "%sfamily '%s' has no parameter '%.80s'%s%s%s", where, ops->name,
                    key, near != NULL ? "; did you mean '" : "; 'aj hardware show' lists them",
                    near != NULL ? near : "", near != NULL ? "'?" : "");
}

aj_status ajp_choice_index(const ajp_param *param, const char *word, const char *where, double *out,
                           aj_error *err)
{
    char words[200] = "";
    size_t used = 0;
    for (size_t i = 0; param->choices[i] != NULL; i++) {
        if (strcmp(param->choices[i], word) == 0) {
            *out = (double)i;
            return AJ_OK;
        }
        int more = snprintf(words + used, sizeof words - used, "%s%s", i > 0 ? ", " : "", param->choices[i]);
        if (more > 0 && (size_t)more < sizeof words - used) used += (size_t)more;
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' is '%.40s'; write one of: %s", where, param->key, word,
                    words);
}

aj_status ajp_hardware_store(aj_hardware *hardware, size_t i, double value, const char *source,
                             const char *where, aj_error *err)
{
    const ajp_param *param = &hardware->ops->params[i];
    if (isnan(value)) {
        if (!isnan(param->def))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s'%s' cannot be 'none': the law needs it; leave it out for its default", where,
                            param->key);
    } else if (param->choices != NULL) {
        size_t n = 0;
        while (param->choices[n] != NULL) n++;
        if (!(value >= 0.0) || value >= (double)n || value != floor(value))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' is a choice of %zu words; %g is none of them",
                            where, param->key, n, value);
    } else if (!(value >= param->min) || !(value <= param->max)) {
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0, "%s'%s' is %.6g%s%s, which is impossible here: it must lie in %g ... %g",
            where, param->key, value, param->unit[0] != '\0' ? " " : "", param->unit, param->min, param->max);
    }
    *value_at(hardware, i) = value;
    hardware->sources[i] = source;
    return AJ_OK;
}

static const char *const by_user = AJP_SET_BY_USER;

/* "1fF", " 1550 nm ", "0.2" -> SI */
static aj_status parse_quantity(const ajp_param *param, const char *text, double *out, aj_error *err)
{
    const char *unit = NULL;
    double value = 0.0;
    if (!ajp_number_scan(text, &unit, &value))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'%s' is '%.40s'; write a number%s%s, or 'none'", param->key,
                        text, param->unit[0] != '\0' ? ", alone in " : "", param->unit);
    while (isspace((unsigned char)*unit)) unit++;
    if (*unit == '\0') {
        *out = value; /* a bare number is SI */
        return AJ_OK;
    }
    return ajp_unit_convert(value, unit, param, "", out, err);
}

aj_status aj_hardware_set(aj_hardware *hardware, const char *key, const char *text, aj_error *err)
{
    size_t i = 0;
    AJ_TRY(ajp_hardware_key(hardware->ops, key, "", &i, err));
    const ajp_param *param = &hardware->ops->params[i];
    char word[80];
    while (isspace((unsigned char)*text)) text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
    if (length >= sizeof word)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s' is '%.40s...'; write a number with a unit, a word or 'none'", key, text);
    memcpy(word, text, length);
    word[length] = '\0';
    double value = AJP_NOT_DESCRIBED;
    if (strcmp(word, "none") != 0) {
        if (param->choices != NULL)
            AJ_TRY(ajp_choice_index(param, word, "", &value, err));
        else
            AJ_TRY(parse_quantity(param, word, &value, err));
    }
    return ajp_hardware_store(hardware, i, value, by_user, "", err);
}

aj_status aj_hardware_set_number(aj_hardware *hardware, const char *key, double si_value, aj_error *err)
{
    size_t i = 0;
    AJ_TRY(ajp_hardware_key(hardware->ops, key, "", &i, err));
    return ajp_hardware_store(hardware, i, si_value, by_user, "", err);
}

aj_status ajp_hardware_turn(aj_hardware *hardware, const char *key, double si_value, aj_error *err)
{
    size_t i = 0;
    AJ_TRY(ajp_hardware_key(hardware->ops, key, "", &i, err));
    return ajp_hardware_store(hardware, i, si_value, AJP_FOUND_BY_SEARCH, "", err);
}

aj_status aj_hardware_set_sourced(aj_hardware *hardware, const char *key, double si_value, const char *source,
                                  aj_error *err)
{
    size_t i = 0;
    AJ_TRY(ajp_hardware_key(hardware->ops, key, "", &i, err));
    const char *kept = ajp_arena_strdup(&hardware->arena, source);
    if (kept == NULL) return ajp_no_memory(err, "a hardware description");
    return ajp_hardware_store(hardware, i, si_value, kept, "", err);
}

bool aj_hardware_needs_calibration(const aj_hardware *hardware)
{
    const ajp_hardware_ops *ops = hardware->ops;
    return ops->needs_calibration(hardware->params) ||
           (ops->needs_readings != NULL && ops->needs_readings(hardware->params));
}

aj_status aj_hardware_check(const aj_hardware *hardware, aj_error *err)
{
    aj_error inner = {AJ_OK, 0, ""};
    aj_status st = hardware->ops->check(hardware->params, &inner);
    if (st != AJ_OK) return ajp_fail(err, st, 0, "hardware '%s': %s", hardware->name, inner.message);
    return AJ_OK;
}

/* ---- looking ----------------------------------------------------------------------------------- */

aj_hardware_info aj_hardware_describe(const aj_hardware *hardware)
{
    return (aj_hardware_info){
        .name = hardware->name,
        .family = hardware->ops->name,
        .family_summary = hardware->ops->summary,
        .evidence = hardware->evidence,
        .year = hardware->year,
        .node = hardware->node,
        .cite = hardware->cite,
        .summary = hardware->summary,
        .latency_of = hardware->ops->latency_of,
    };
}

size_t aj_hardware_n_parameters(const aj_hardware *hardware)
{
    return hardware->ops->n_params;
}

aj_parameter aj_hardware_parameter(const aj_hardware *hardware, size_t i)
{
    const ajp_param *param = &hardware->ops->params[i];
    double value = *value_at(hardware, i);
    bool is_word = param->choices != NULL && !isnan(value);
    return (aj_parameter){
        .key = param->key,
        .unit = param->unit,
        .value = value,
        .word = is_word ? param->choices[(size_t)value] : NULL,
        .source = hardware->sources[i],
        .help = param->help,
        .minimum = param->min,
        .maximum = param->max,
    };
}

bool aj_hardware_find(const aj_hardware *hardware, const char *key, aj_parameter *out)
{
    for (size_t i = 0; i < hardware->ops->n_params; i++) {
        if (strcmp(hardware->ops->params[i].key, key) != 0) continue;
        *out = aj_hardware_parameter(hardware, i);
        return true;
    }
    return false;
}

const ajp_hardware_ops *ajp_hardware_get_ops(const aj_hardware *hardware)
{
    return hardware->ops;
}

const void *ajp_hardware_get_params(const aj_hardware *hardware)
{
    return hardware->params;
}
