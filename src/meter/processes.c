/* processes.c: follows a process tree through /proc/PID/stat and /proc/PID/task/<tid>/children (proc(5)).
 *
 * The machine's other processes are never looked at.  A child that is born and ends between two looks is in
 * its parent's cutime once it has been waited for.  A process that was seen once is followed even after its
 * parent has ended.  One that ends takes its time to the parent that waits for it; what no parent takes over
 * (init waits for it, or nobody does) is kept in `gone`.
 *
 * What it costs is system calls.  Files of the first processes stay open; children are only looked for when
 * somebody on the machine has started a process or thread since the last look ("processes" in /proc/stat,
 * which the kernel counts up under the lock that also guards the lists of children). */
#include "processes.h"

#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* /proc/stat has a number for each interrupt and CPU: 20 kB on a server. */
enum { PATH_SIZE = 512, STAT_SIZE = 1024, TEXT_SIZE = 65536, MOST_HOLDING = 64 };

typedef struct {
    long pid, parent;
    unsigned long long start; /* tells a process from a later one of the same number */
    long n_threads;
    double total_seconds;  /* its own and that of the children it has waited for */
    double reaped_seconds; /* the latter alone */
} figures;

typedef struct {
    figures now;
    double credit_seconds; /* how much was reaped since the last look and belongs to no known process yet */
    bool ended;
    char stat_path[32], children_path[64];
    int stat_fd, children_fd; /* -1: not kept open */
} process;

struct ajp_processes {
    const aj_context *context;
    ajp_tree tree;
    double tick_seconds;
    bool in_cgroup; /* then the rest is about nothing but the machine's own time */
    ajp_cgroup cgroup;
    char about[AJP_CGROUP_SIZE + 16];
    process *list;
    size_t n, n_capacity;
    size_t n_holding; /* so many from the front of the list keep their files open */
    double gone_seconds;
    int stat_fd;
    unsigned long long n_started; /* processes and threads of the whole machine; 0: not known */
    bool look;                    /* for children at the next update, whatever was started */
    char text[TEXT_SIZE];
};

/* n numbers after the first n_skip of a line; false when it has not so many. */
static bool numbers_of(const char *text, int n_skip, int n, long long *out)
{
    char *end;
    for (int i = 0; i < n_skip + n; i++) {
        long long value = strtoll(text, &end, 10);
        if (end == text) return false;
        if (i >= n_skip) out[i - n_skip] = value;
        text = end;
    }
    return true;
}

/* The fields of proc(5): 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime, 20 num_threads, 22 starttime. */
static aj_status read_figures(const ajp_processes *p, long pid, const char *path, int *fd, figures *out,
                              aj_error *err)
{
    char text[STAT_SIZE];
    long long parent, late[9];
    AJ_TRY(ajp_tree_text_at(&p->tree, path, fd, text, sizeof text, err));
    /* The name stands in parentheses and may hold anything, parentheses too; then comes a letter. */
    const char *after = strrchr(text, ')');
    if (after == NULL || strlen(after) < 4 || !numbers_of(after + 3, 0, 1, &parent) ||
        !numbers_of(after + 3, 10, 9, late))
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: is not what proc(5) says", p->tree.root, path);
    double reaped = (double)(late[2] + late[3]) * p->tick_seconds;
    *out = (figures){.pid = pid,
                     .parent = (long)parent,
                     .start = (unsigned long long)late[8],
                     .n_threads = (long)late[6],
                     .total_seconds = (double)(late[0] + late[1]) * p->tick_seconds + reaped,
                     .reaped_seconds = reaped};
    return AJ_OK;
}

static process *known(const ajp_processes *p, long pid)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].now.pid == pid && !p->list[i].ended) return &p->list[i];
    return NULL;
}

/* Where the file of process i is kept open; NULL: it is not.  Places only move to the front, so that a
 * process that keeps its files open goes on doing so. */
static int *held(const ajp_processes *p, size_t i, int *fd)
{
    return i < p->n_holding ? fd : NULL;
}

/* Other failures (no descriptor is left) say nothing about the process. */
static bool is_gone(const aj_error *why)
{
    return why->system_errno == ENOENT || why->system_errno == ESRCH;
}

static aj_status add(ajp_processes *p, long pid, aj_error *err)
{
    process found = {.stat_fd = -1, .children_fd = -1};
    if (known(p, pid) != NULL) return AJ_OK;
    snprintf(found.stat_path, sizeof found.stat_path, "%ld/stat", pid);
    snprintf(found.children_path, sizeof found.children_path, "%ld/task/%ld/children", pid, pid);
    aj_error why = {AJ_OK, 0, ""};
    aj_status st = read_figures(p, pid, found.stat_path, held(p, p->n, &found.stat_fd), &found.now, &why);
    p->look = p->look || (st != AJ_OK && !is_gone(&why));
    if (st != AJ_OK) return AJ_OK; /* it has ended meanwhile, or can be read the next time */
    void *array = p->list;
    st = ajp_grow(p->context, &array, &p->n_capacity, p->n + 1, sizeof *p->list, "processes", err);
    p->list = array;
    if (st == AJ_OK)
        p->list[p->n++] = found;
    else
        ajp_tree_close(&found.stat_fd);
    return st;
}

/* The children that one thread of a process has started. */
static aj_status add_children(ajp_processes *p, const char *path, int *fd, aj_error *err)
{
    if (p->tree.read(p->tree.user, p->tree.root, path, fd, p->text, sizeof p->text) != 0) return AJ_OK;
    for (char *at = p->text;;) {
        char *end = at;
        long pid = strtol(at, &end, 10);
        /* A number that was cut at the end of the buffer is not used: there are more than fit. */
        if (end != at && *end == '\0') p->look = true;
        if (end == at || (*end != ' ' && *end != '\n')) return AJ_OK;
        AJ_TRY(add(p, pid, err));
        at = end;
    }
}

static aj_status add_children_of_threads(ajp_processes *p, long pid, aj_error *err)
{
    char path[PATH_SIZE];
    aj_status st = AJ_OK;
    snprintf(path, sizeof path, "%s/%ld/task", p->tree.root, pid);
    DIR *folder = opendir(path);
    if (folder == NULL) return AJ_OK; /* it has ended meanwhile */
    for (struct dirent *entry; st == AJ_OK && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%ld/task/%.20s/children", pid, entry->d_name);
        st = add_children(p, path, NULL, err);
    }
    closedir(folder);
    return st;
}

static aj_status add_children_of(ajp_processes *p, size_t i, aj_error *err)
{
    if (p->list[i].now.n_threads > 1) return add_children_of_threads(p, p->list[i].now.pid, err);
    char path[sizeof p->list[i].children_path];
    memcpy(path, p->list[i].children_path, sizeof path); /* the list may move */
    int fd = p->list[i].children_fd;
    aj_status st = add_children(p, path, held(p, i, &fd), err);
    p->list[i].children_fd = fd;
    return st;
}

static void look_again(ajp_processes *p)
{
    for (size_t i = 0; i < p->n; i++) {
        process *old = &p->list[i];
        figures now;
        aj_error why = {AJ_OK, 0, ""};
        old->credit_seconds = 0;
        aj_status st = read_figures(p, old->now.pid, old->stat_path, held(p, i, &old->stat_fd), &now, &why);
        old->ended = st == AJ_OK ? now.start != old->now.start : is_gone(&why);
        if (st != AJ_OK || old->ended) continue;
        old->credit_seconds = fmax(now.reaped_seconds - old->now.reaped_seconds, 0);
        old->now = now;
    }
}

/* The nearest ancestor that is alive; NULL when the line ends outside the tree. */
static process *ancestor_of(const ajp_processes *p, const process *child)
{
    long pid = child->now.parent;
    for (size_t steps = 0; steps <= p->n; steps++) {
        process *alive = known(p, pid);
        if (alive != NULL) return alive;
        size_t i = 0;
        while (i < p->n && p->list[i].now.pid != pid) i++;
        if (i == p->n) return NULL;
        pid = p->list[i].now.parent;
    }
    return NULL;
}

static void let_go(process *ended)
{
    ajp_tree_close(&ended->stat_fd);
    ajp_tree_close(&ended->children_fd);
}

/* What a process that has ended had used is in its ancestor's time now, or else stays with us. */
static void bury(ajp_processes *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!p->list[i].ended) continue;
        process *ancestor = ancestor_of(p, &p->list[i]);
        double taken = ancestor != NULL ? fmin(ancestor->credit_seconds, p->list[i].now.total_seconds) : 0;
        if (ancestor != NULL) ancestor->credit_seconds -= taken;
        p->gone_seconds += p->list[i].now.total_seconds - taken;
    }
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->list[i].ended)
            let_go(&p->list[i]);
        else
            p->list[kept++] = p->list[i];
    }
    p->n = kept;
}

/* The lines of /proc/stat that begin with "cpu" and a number. */
static double count_processors(const char *text)
{
    double n = 0;
    for (const char *at = strstr(text, "\ncpu"); at != NULL; at = strstr(at + 1, "\ncpu")) n++;
    return fmax(n, 1);
}

/* The machine's CPU time, idle and waiting left out, and whether anybody has started a process meanwhile. */
static aj_status read_machine(ajp_processes *p, ajp_cpu_time *out, aj_error *err)
{
    long long time[7], started = 0; /* user nice system idle iowait irq softirq */
    int error = p->tree.read(p->tree.user, p->tree.root, "stat", &p->stat_fd, p->text, sizeof p->text);
    if (error != 0)
        return ajp_fail(err, ajp_status_from_errno(error), error, "%s/stat: cannot be read", p->tree.root);
    if (strncmp(p->text, "cpu ", 4) != 0 || !numbers_of(p->text + 4, 0, 7, time))
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/stat: is not what proc(5) says", p->tree.root);
    const char *line = strstr(p->text, "\nprocesses ");
    if (line == NULL || !numbers_of(line + strlen("\nprocesses "), 0, 1, &started)) started = 0;
    p->look = p->look || started == 0 || (unsigned long long)started != p->n_started;
    p->n_started = (unsigned long long)started;
    out->busy_seconds = (double)(time[0] + time[1] + time[2] + time[5] + time[6]) * p->tick_seconds;
    out->n_processors = count_processors(p->text);
    return AJ_OK;
}

aj_status ajp_processes_update(ajp_processes *p, ajp_cpu_time *out, aj_error *err)
{
    ajp_cpu_time now = {0, 0, 0, 0};
    AJ_TRY(read_machine(p, &now, err));
    if (p->in_cgroup) {
        now.tree_seconds = ajp_cgroup_seconds(&p->cgroup);
        *out = now;
        return AJ_OK;
    }
    look_again(p);
    bury(p);
    bool look = p->look;
    p->look = false;
    aj_status st = AJ_OK;
    for (size_t i = 0; look && st == AJ_OK && i < p->n; i++) /* the list grows meanwhile */
        st = add_children_of(p, i, err);
    p->look = p->look || st != AJ_OK;
    AJ_TRY(st);
    now.tree_seconds = p->gone_seconds;
    for (size_t i = 0; i < p->n; i++) now.tree_seconds += p->list[i].now.total_seconds;
    now.n_processes = p->n;
    *out = now;
    return AJ_OK;
}

bool ajp_processes_has(const ajp_processes *p, long pid)
{
    return p->in_cgroup ? ajp_cgroup_has(&p->cgroup, &p->tree, pid) : known(p, pid) != NULL;
}

const char *ajp_processes_about(const ajp_processes *p)
{
    return p->about;
}

/* ---- opening --------------------------------------------------------------------------------------- */

static void drop_list(ajp_processes *p)
{
    for (size_t i = 0; i < p->n; i++) let_go(&p->list[i]);
    ajp_free(p->context, p->list);
    p->list = NULL;
    p->n = p->n_capacity = 0;
}

void ajp_processes_close(ajp_processes *p)
{
    if (p == NULL) return;
    drop_list(p);
    if (p->in_cgroup) ajp_cgroup_close(&p->cgroup);
    ajp_tree_close(&p->stat_fd);
    ajp_free(p->context, p);
}

/* Two files a process, of which the program that we are part of spares an eighth. */
static size_t holding_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
    return files.rlim_cur / 16 < MOST_HOLDING ? (size_t)files.rlim_cur / 16 : MOST_HOLDING;
}

static aj_status follow_tree(ajp_processes *p, long pid, aj_error *err)
{
    figures root;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%ld/stat", pid);
    aj_status st = read_figures(p, pid, path, NULL, &root, err);
    if (st == AJ_NOT_FOUND)
        return ajp_fail(err, st, 0, "there is no process %ld under %s", pid, p->tree.root);
    if (st != AJ_OK) return st;
    snprintf(path, sizeof path, "%ld/task/%ld/children", pid, pid);
    if (p->tree.read(p->tree.user, p->tree.root, path, NULL, p->text, sizeof p->text) != 0)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "%s/%s: cannot be read; the kernel has to be built with CONFIG_PROC_CHILDREN",
                        p->tree.root, path);
    snprintf(p->about, sizeof p->about, "process %ld and what it starts", pid);
    return add(p, pid, err);
}

static void follow_cgroup(ajp_processes *p, const ajp_cgroup *group)
{
    drop_list(p);
    p->cgroup = *group;
    p->in_cgroup = true;
    snprintf(p->about, sizeof p->about, "cgroup %s", group->path);
}

static bool in_tree(const void *processes, long pid)
{
    return known(processes, pid) != NULL;
}

/* The group of the process, if it holds nothing but the tree; a shell or a meter in it would be taken for
 * ours. */
static void try_own_cgroup(ajp_processes *p, const ajp_tree *sys, long pid)
{
    char path[AJP_CGROUP_SIZE];
    ajp_cgroup group;
    ajp_cpu_time now;
    if (ajp_cgroup_of(&p->tree, pid, path, NULL) != AJ_OK ||
        ajp_cgroup_open(&group, sys, path, NULL) != AJ_OK)
        return;
    if (ajp_processes_update(p, &now, NULL) == AJ_OK && ajp_cgroup_all(&group, p->context, in_tree, p))
        follow_cgroup(p, &group);
    else
        ajp_cgroup_close(&group);
}

static aj_status begin(ajp_processes *p, const ajp_tree *sys, const ajp_followed *whose, aj_error *err)
{
    if (whose->cgroup != NULL && whose->cgroup[0] != '\0') {
        ajp_cgroup group;
        AJ_TRY(ajp_cgroup_open(&group, sys, whose->cgroup, err));
        follow_cgroup(p, &group);
        return AJ_OK;
    }
    AJ_TRY(follow_tree(p, whose->pid, err));
    if (whose->cgroup == NULL) try_own_cgroup(p, sys, whose->pid);
    return AJ_OK;
}

aj_status ajp_processes_open(ajp_processes **out, const aj_context *context, const ajp_tree *proc,
                             const ajp_tree *sys, const ajp_followed *whose, aj_error *err)
{
    *out = NULL;
    ajp_processes *p = ajp_calloc(context, 1, sizeof *p);
    if (p == NULL) return ajp_no_memory(err, "the process tree");
    p->context = context;
    p->tree = *proc;
    p->stat_fd = -1;
    p->look = true;
    p->n_holding = holding_limit();
    p->tick_seconds = 1.0 / (double)sysconf(_SC_CLK_TCK);
    aj_status st = begin(p, sys, whose, err);
    if (st != AJ_OK) {
        ajp_processes_close(p);
        return st;
    }
    *out = p;
    return AJ_OK;
}
