/* model_host.h: which processor this is, from /proc and the tables, and what is not known about it. */
#ifndef AJP_METER_MODEL_HOST_H
#define AJP_METER_MODEL_HOST_H

#include "model_curve.h"
#include "tree.h"

/* What /proc/cpuinfo says about the first processor. */
typedef struct {
    char name[96];   /* "model name", as it is; on ARM implementer and part; empty: it says nothing */
    char vendor[24]; /* vendor_id, on ARM the implementer */
    long family, model, stepping; /* -1: not said; on ARM the architecture and the part */
    size_t n_siblings;            /* hardware threads of its package, 0: not said */
    bool hypervisor;
} ajp_cpu_id;

typedef struct {
    ajp_cpu_id id;
    char family[64];     /* row of tables/cpu-families.csv; empty: in none */
    ajp_band tdp_watts;  /* of the hardware threads that this kernel has; equal where the part is known */
    aj_origin origin;    /* modelled: part and host are known; assumed: the TDP is a range of parts */
    size_t n_threads;    /* that this kernel has */
    double host_threads; /* of a package; NaN: not known */
    double n_packages;   /* of which these threads are; a share of one in a virtual machine */
    double memory_bytes; /* NaN: not known */
    double vcpu_idle_watts, vcpu_full_watts; /* Cloud Carbon Footprint's, for one thread; NaN: none */
    char about[320];                         /* one sentence: what was found and taken */
} ajp_model_host;

/* Text of cpuinfo, up to the first empty line. */
void ajp_cpu_id_parse(ajp_cpu_id *out, const char *cpuinfo);
/* The tables' answer for a processor; `n_threads` hardware threads are seen.  A processor that is in no table
 * gets the range of all that are.  NO_MEMORY, or CORRUPT for a table that is broken. */
aj_status ajp_model_host_find(ajp_model_host *out, const aj_context *context, const ajp_cpu_id *id,
                              size_t n_threads, aj_error *err);
/* Reads cpuinfo, stat and meminfo under the root of procfs.  NOT_FOUND: there is no cpuinfo or stat. */
aj_status ajp_model_host_read(ajp_model_host *out, const aj_context *context, const ajp_tree *proc,
                              aj_error *err);

#endif
