/* processes.c: follows a process tree through /proc/PID/stat and /proc/PID/task/<tid>/children (proc(5)).
 *
 * The machine's other processes are never looked at.  A child that is born and ends between two looks is in
 * its parent's cutime once it has been waited for.  A process that was seen once is followed even after its
 * parent has ended.  One that ends takes its time to the parent that waits for it; what no parent takes over
 * (init waits for it, or nobody does) is kept in `gone`. */
#include "processes.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, STAT_SIZE = 1024, CHILDREN_SIZE = 16384 };

typedef struct {
    long pid, parent;
    unsigned long long start; /* tells a process from a later one of the same number */
    double total_seconds;     /* its own and that of the children it has waited for */
    double reaped_seconds;    /* the latter alone */
    double credit_seconds; /* how much of it came since the last look and belongs to no known process yet */
    bool ended;
} process;

struct ajp_processes {
    const aj_context *context;
    ajp_tree tree;
    double tick_seconds;
    process *list;
    size_t n, n_capacity;
    double gone_seconds;
    char children[CHILDREN_SIZE];
};

static aj_status read_process(const ajp_processes *p, long pid, process *out, aj_error *err)
{
    char path[PATH_SIZE], text[STAT_SIZE];
    snprintf(path, sizeof path, "%ld/stat", pid);
    AJ_TRY(ajp_tree_text(&p->tree, path, text, sizeof text, err));
    /* The name stands in parentheses and may hold anything, parentheses too. */
    const char *after = strrchr(text, ')');
    unsigned long long user, system;
    long long child_user, child_system;
    process found = {.pid = pid};
    if (after == NULL ||
        sscanf(after + 1,
               " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld %*d %*d %*d %*d %llu",
               &found.parent, &user, &system, &child_user, &child_system, &found.start) != 6)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: is not what proc(5) says", p->tree.root, path);
    found.reaped_seconds = (double)(child_user + child_system) * p->tick_seconds;
    found.total_seconds = (double)(user + system) * p->tick_seconds + found.reaped_seconds;
    *out = found;
    return AJ_OK;
}

static process *known(const ajp_processes *p, long pid)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].pid == pid && !p->list[i].ended) return &p->list[i];
    return NULL;
}

static aj_status add(ajp_processes *p, long pid, aj_error *err)
{
    process found;
    if (known(p, pid) != NULL) return AJ_OK;
    if (read_process(p, pid, &found, NULL) != AJ_OK) return AJ_OK; /* it has ended meanwhile */
    void *array = p->list;
    aj_status st = ajp_grow(p->context, &array, &p->n_capacity, p->n + 1, sizeof *p->list, "processes", err);
    p->list = array;
    if (st == AJ_OK) p->list[p->n++] = found;
    return st;
}

/* The children that one thread of a process has started. */
static aj_status add_children(ajp_processes *p, const char *path, aj_error *err)
{
    if (p->tree.read(p->tree.user, p->tree.root, path, p->children, sizeof p->children) != 0) return AJ_OK;
    /* A number that was cut at the end of the buffer is not used; it comes with the next look. */
    for (char *at = p->children;;) {
        char *end = at;
        long pid = strtol(at, &end, 10);
        if (end == at || (*end != ' ' && *end != '\n')) return AJ_OK;
        AJ_TRY(add(p, pid, err));
        at = end;
    }
}

static aj_status add_children_of(ajp_processes *p, long pid, aj_error *err)
{
    char path[PATH_SIZE];
    aj_status st = AJ_OK;
    snprintf(path, sizeof path, "%s/%ld/task", p->tree.root, pid);
    DIR *folder = opendir(path);
    if (folder == NULL) return AJ_OK; /* it has ended meanwhile */
    for (struct dirent *entry; st == AJ_OK && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%ld/task/%.20s/children", pid, entry->d_name);
        st = add_children(p, path, err);
    }
    closedir(folder);
    return st;
}

static void look_again(ajp_processes *p)
{
    for (size_t i = 0; i < p->n; i++) {
        process *old = &p->list[i], now;
        old->credit_seconds = 0;
        if (read_process(p, old->pid, &now, NULL) != AJ_OK || now.start != old->start) {
            old->ended = true;
            continue;
        }
        now.credit_seconds = fmax(now.reaped_seconds - old->reaped_seconds, 0);
        *old = now;
    }
}

/* The nearest ancestor that is alive; NULL when the line ends outside the tree. */
static process *ancestor_of(const ajp_processes *p, const process *child)
{
    long pid = child->parent;
    for (size_t steps = 0; steps <= p->n; steps++) {
        process *alive = known(p, pid);
        if (alive != NULL) return alive;
        size_t i = 0;
        while (i < p->n && p->list[i].pid != pid) i++;
        if (i == p->n) return NULL;
        pid = p->list[i].parent;
    }
    return NULL;
}

/* What a process that has ended had used is in its ancestor's time now, or else stays with us. */
static void bury(ajp_processes *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!p->list[i].ended) continue;
        process *ancestor = ancestor_of(p, &p->list[i]);
        double taken = ancestor != NULL ? fmin(ancestor->credit_seconds, p->list[i].total_seconds) : 0;
        if (ancestor != NULL) ancestor->credit_seconds -= taken;
        p->gone_seconds += p->list[i].total_seconds - taken;
    }
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!p->list[i].ended) p->list[kept++] = p->list[i];
    p->n = kept;
}

static aj_status read_busy(const ajp_processes *p, double *busy_seconds, aj_error *err)
{
    char text[STAT_SIZE];
    unsigned long long user, nice, system, irq, softirq;
    AJ_TRY(ajp_tree_text(&p->tree, "stat", text, sizeof text, err));
    if (sscanf(text, "cpu %llu %llu %llu %*u %*u %llu %llu", &user, &nice, &system, &irq, &softirq) != 5)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/stat: is not what proc(5) says", p->tree.root);
    *busy_seconds = (double)(user + nice + system + irq + softirq) * p->tick_seconds;
    return AJ_OK;
}

aj_status ajp_processes_update(ajp_processes *p, ajp_cpu_time *out, aj_error *err)
{
    ajp_cpu_time now = {0, 0, 0, (double)sysconf(_SC_NPROCESSORS_ONLN)};
    look_again(p);
    bury(p);
    for (size_t i = 0; i < p->n; i++)
        AJ_TRY(add_children_of(p, p->list[i].pid, err)); /* the list grows meanwhile */
    AJ_TRY(read_busy(p, &now.busy_seconds, err));
    now.tree_seconds = p->gone_seconds;
    for (size_t i = 0; i < p->n; i++) now.tree_seconds += p->list[i].total_seconds;
    now.n_processes = p->n;
    *out = now;
    return AJ_OK;
}

void ajp_processes_close(ajp_processes *p)
{
    if (p == NULL) return;
    ajp_free(p->context, p->list);
    ajp_free(p->context, p);
}

static aj_status begin(ajp_processes *p, long pid, aj_error *err)
{
    process root;
    char path[PATH_SIZE];
    aj_status st = read_process(p, pid, &root, err);
    if (st == AJ_NOT_FOUND)
        return ajp_fail(err, st, 0, "there is no process %ld under %s", pid, p->tree.root);
    if (st != AJ_OK) return st;
    snprintf(path, sizeof path, "%ld/task/%ld/children", pid, pid);
    if (p->tree.read(p->tree.user, p->tree.root, path, p->children, sizeof p->children) != 0)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "%s/%s: cannot be read; the kernel has to be built with CONFIG_PROC_CHILDREN",
                        p->tree.root, path);
    return add(p, pid, err);
}

aj_status ajp_processes_open(ajp_processes **out, const aj_context *context, const ajp_tree *tree, long pid,
                             aj_error *err)
{
    *out = NULL;
    ajp_processes *p = ajp_calloc(context, 1, sizeof *p);
    if (p == NULL) return ajp_no_memory(err, "the process tree");
    p->context = context;
    p->tree = *tree;
    p->tick_seconds = 1.0 / (double)sysconf(_SC_CLK_TCK);
    aj_status st = begin(p, pid, err);
    if (st != AJ_OK) {
        ajp_processes_close(p);
        return st;
    }
    *out = p;
    return AJ_OK;
}
