/* table.c: the list of power sources and the words of the public header. */
#include "meter_ops.h"

static const ajp_meter_ops *const rows[] = {
#define METER(id) &ajp_meter_##id,
#include "meters.def"
#undef METER
};

const ajp_meter_ops *ajp_meter_row(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? rows[i] : NULL;
}

const char *aj_meter_source(size_t i, const char **about, const char **tried)
{
    const ajp_meter_ops *row = ajp_meter_row(i);
    if (row == NULL) return NULL;
    if (about != NULL) *about = row->about;
    if (tried != NULL) *tried = row->tried;
    return row->name;
}

const char *aj_zone_kind_name(aj_zone_kind kind)
{
    static const char *const names[] = {
#define ROW(name, text) text,
        AJ_ZONE_KIND_LIST(ROW)
#undef ROW
    };
    return (unsigned)kind < AJ_N_ZONE_KINDS ? names[kind] : "unknown";
}

const char *aj_zone_role_name(aj_zone_role role)
{
    static const char *const names[] = {
#define ROW(name, text, about) text,
        AJ_ZONE_ROLE_LIST(ROW)
#undef ROW
    };
    return (unsigned)role < AJ_N_ZONE_ROLES ? names[role] : "unknown";
}
