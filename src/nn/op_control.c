/* op_control.c: If, Loop, Scan: subgraphs run with their inputs known (control.c). */
#include <string.h>

#include "op.h"

static aj_status corrupt(const ajp_op_control *c, const char *what)
{
    return ajp_node_fail(c->graph->path, c->node, AJ_CORRUPT, c->err, "%s", what);
}

static aj_status no_memory(const ajp_op_control *c)
{
    return ajp_no_memory(c->err, c->graph->path);
}

static const ajp_tensor *input(const ajp_op_control *c, size_t k)
{
    return k < c->node->n_in ? c->in[k] : NULL;
}

/* A copy that outlives the memory it was made in. */
static ajp_tensor *keep(ajp_arena *arena, const ajp_tensor *t)
{
    ajp_tensor *copy = ajp_arena_alloc(arena, sizeof *copy);
    if (copy == NULL || !ajp_tensor_make(copy, arena, &t->type)) return NULL;
    if (t->n > 0) memcpy(copy->data, t->data, t->n * ajp_dtype_size(t->type.dtype));
    return copy;
}

/* ---- slices: t as [outer][dims[axis]][inner bytes]
 * ---------------------------------------------------------- */

typedef struct {
    size_t outer, n, inner;
} view;

static view view_of(const ajp_type *type, size_t axis)
{
    return (view){ajp_dims_product(type->dims, axis), type->dims[axis],
                  ajp_dims_product(type->dims + axis + 1, type->rank - axis - 1) *
                      ajp_dtype_size(type->dtype)};
}

/* Place `at` of an axis, as a tensor without that axis. */
static ajp_tensor *take(ajp_arena *arena, const ajp_tensor *t, size_t axis, size_t at)
{
    view v = view_of(&t->type, axis);
    ajp_type type = t->type;
    type.rank--;
    memmove(type.dims + axis, type.dims + axis + 1, (type.rank - axis) * sizeof *type.dims);
    ajp_tensor *part = ajp_arena_alloc(arena, sizeof *part);
    if (part == NULL || !ajp_tensor_make(part, arena, &type)) return NULL;
    for (size_t o = 0; o < v.outer && v.inner > 0; o++)
        memcpy((char *)part->data + o * v.inner, (const char *)t->data + (o * v.n + at) * v.inner, v.inner);
    return part;
}

/* The other way: part into place `at` of an axis of t. */
static void put(const ajp_tensor *t, size_t axis, size_t at, const ajp_tensor *part)
{
    view v = view_of(&t->type, axis);
    for (size_t o = 0; o < v.outer && v.inner > 0; o++)
        memcpy((char *)t->data + (o * v.n + at) * v.inner, (const char *)part->data + o * v.inner, v.inner);
}

/* ---- lists of equal tensors that become one
 * ----------------------------------------------------------------- */

typedef struct link link;
struct link {
    link *next;
    const ajp_tensor *part;
};
typedef struct {
    size_t n;
    link *first, **last;
} parts;

static aj_status append(const ajp_op_control *c, ajp_arena *arena, parts *l, const ajp_tensor *part)
{
    link *added = ajp_arena_alloc(arena, sizeof *added);
    if (added == NULL) return no_memory(c);
    *added = (link){NULL, keep(arena, part)};
    if (added->part == NULL) return no_memory(c);
    if (l->first != NULL && (!ajp_type_same_shape(&l->first->part->type, &part->type) ||
                             l->first->part->type.dtype != part->type.dtype))
        return corrupt(c, "puts out results of several shapes, which cannot be stacked");
    if (l->first == NULL) l->last = &l->first;
    *l->last = added;
    l->last = &added->next;
    l->n++;
    return AJ_OK;
}

/* What the body declares of a result that was never made. */
static ajp_type declared_type(const ajp_graph *body, size_t k)
{
    const ajp_onnx_type *declared = k < body->proto->n_output ? body->proto->output[k].type : NULL;
    const ajp_onnx_tensor_type *tensor = declared != NULL ? declared->tensor_type : NULL;
    ajp_type type = {AJP_FLOAT32, -1, 0, {0}};
    if (tensor == NULL) return type;
    if (tensor->elem_type > 0 && ajp_dtype_size((ajp_dtype)tensor->elem_type) > 0)
        type.dtype = (ajp_dtype)tensor->elem_type;
    for (size_t d = 0; tensor->shape != NULL && d < tensor->shape->n_dim && d + 1 < AJP_MAX_RANK; d++) {
        int64_t dim = tensor->shape->dim[d].dim_value;
        type.dims[type.rank++] = dim > 0 && dim < (int64_t)AJP_MAX_ELEMENTS ? (size_t)dim : 0;
    }
    return type;
}

/* Stacked along a new axis (negative: from the end), in order or backwards. */
static aj_status stack(const ajp_op_control *c, const parts *l, const ajp_type *each, int64_t axis,
                       bool backwards, const ajp_tensor **out)
{
    ajp_type type = *each;
    int64_t rank = (int64_t)each->rank + 1;
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || rank > AJP_MAX_RANK)
        return corrupt(c, "has an output axis that is not there");
    size_t at = (size_t)axis;
    memmove(type.dims + at + 1, type.dims + at, (type.rank - at) * sizeof *type.dims);
    type.dims[at] = l->n;
    type.rank++;
    ajp_tensor *all = ajp_arena_alloc(c->arena, sizeof *all);
    if (all == NULL || !ajp_tensor_make(all, c->arena, &type)) return no_memory(c);
    size_t i = 0;
    for (const link *e = l->first; e != NULL; e = e->next, i++)
        put(all, at, backwards ? l->n - 1 - i : i, e->part);
    *out = all;
    return AJ_OK;
}

/* ---- If
 * ------------------------------------------------------------------------------------------------------ */

static const char *const if_attributes[] = {"then_branch", "else_branch", NULL};

static aj_status run_if(const ajp_op_control *c)
{
    const ajp_tensor *condition = input(c, 0);
    if (condition == NULL || condition->n != 1) return corrupt(c, "has a condition that is not one value");
    bool yes = ajp_tensor_int(condition, 0) != 0;
    const ajp_graph *branch = ajp_control_child(c->node, yes ? "then_branch" : "else_branch");
    if (branch == NULL || branch->n_outputs != c->node->n_out)
        return corrupt(c, "lacks a branch, or has one with another number of outputs");
    return ajp_control_call(c->graph, c->node, branch, NULL, 0, c->arena, c->out, c->err);
}

extern const ajp_op ajp_op_if, ajp_op_loop, ajp_op_scan;
const ajp_op ajp_op_if = {
    .min_in = 1, .max_in = 1, .max_out = SIZE_MAX, .attributes = if_attributes, .control = run_if};

/* ---- iterations
 * ----------------------------------------------------------------------------------------------- */

/* A body that is called again and again: its inputs begin with what the operator makes (`ahead` of them),
 * then the state; its outputs with `ahead_out`, then the state, then what is stacked.  The memory of a call
 * lasts until the next but one. */
typedef struct {
    const ajp_op_control *c;
    const ajp_graph *body;
    size_t n_state, n_stacked, ahead_out;
    const ajp_tensor **state, **in, **out;
    parts *stacked;
    ajp_arena turns[2], kept;
    size_t turn;
} iteration;

static void end(iteration *it)
{
    ajp_arena_free(&it->turns[0]);
    ajp_arena_free(&it->turns[1]);
    ajp_arena_free(&it->kept);
}

static aj_status begin(iteration *it, const ajp_op_control *c, const ajp_graph *body, size_t n_state,
                       size_t ahead_out)
{
    *it = (iteration){.c = c, .body = body, .n_state = n_state, .ahead_out = ahead_out};
    ajp_arena_init(&it->turns[0], c->graph->context);
    ajp_arena_init(&it->turns[1], c->graph->context);
    ajp_arena_init(&it->kept, c->graph->context);
    if (body->n_outputs < ahead_out + n_state || body->n_outputs - ahead_out != c->node->n_out)
        return corrupt(c, "has a body whose outputs do not fit those of the node");
    it->n_stacked = body->n_outputs - ahead_out - n_state;
    it->state = ajp_arena_array(&it->kept, n_state + 1, sizeof *it->state);
    it->in = ajp_arena_array(&it->kept, body->n_inputs + 1, sizeof *it->in);
    it->out = ajp_arena_array(&it->kept, body->n_outputs + 1, sizeof *it->out);
    it->stacked = ajp_arena_array(&it->kept, it->n_stacked + 1, sizeof *it->stacked);
    bool good = it->state != NULL && it->in != NULL && it->out != NULL && it->stacked != NULL;
    return good ? AJ_OK : no_memory(c);
}

/* The memory of the next call. */
static ajp_arena *next_turn(iteration *it)
{
    it->turn = 1 - it->turn;
    ajp_arena_free(&it->turns[it->turn]);
    ajp_arena_init(&it->turns[it->turn], it->c->graph->context);
    return &it->turns[it->turn];
}

/* in[] is filled; afterwards the state is the new one and the results are kept. */
static aj_status call(iteration *it, size_t n_in, ajp_arena *arena)
{
    const ajp_op_control *c = it->c;
    AJ_TRY(ajp_control_call(c->graph, c->node, it->body, it->in, n_in, arena, it->out, c->err));
    for (size_t k = 0; k < it->n_state; k++) {
        it->state[k] = keep(arena, it->out[it->ahead_out + k]);
        if (it->state[k] == NULL) return no_memory(c);
    }
    for (size_t k = 0; k < it->n_stacked; k++)
        AJ_TRY(append(c, &it->kept, &it->stacked[k], it->out[it->ahead_out + it->n_state + k]));
    return AJ_OK;
}

static aj_status give_state(const iteration *it)
{
    for (size_t k = 0; k < it->n_state; k++) {
        it->c->out[k] = keep(it->c->arena, it->state[k]);
        if (it->c->out[k] == NULL) return no_memory(it->c);
    }
    return AJ_OK;
}

static ajp_type type_of_stacked(const iteration *it, size_t k)
{
    return it->stacked[k].n > 0 ? it->stacked[k].first->part->type
                                : declared_type(it->body, it->ahead_out + it->n_state + k);
}

/* ---- Loop
 * ------------------------------------------------------------------------------------------------------ */

static const char *const loop_attributes[] = {"body", NULL};

static bool make_scalar(ajp_arena *arena, ajp_tensor *t, ajp_dtype dtype, int64_t value)
{
    ajp_type type = {dtype, -1, 0, {0}};
    if (!ajp_tensor_make(t, arena, &type)) return false;
    ajp_convert(dtype, t->data, AJP_INT64, &value, 1);
    return true;
}

static aj_status iterate(iteration *it, int64_t most, bool go_on)
{
    for (int64_t i = 0; i < most && go_on; i++) {
        ajp_tensor number, condition;
        ajp_arena *arena = next_turn(it);
        if (!make_scalar(arena, &number, AJP_INT64, i) || !make_scalar(arena, &condition, AJP_BOOL, 1))
            return no_memory(it->c);
        it->in[0] = &number;
        it->in[1] = &condition;
        for (size_t k = 0; k < it->n_state; k++) it->in[2 + k] = it->state[k];
        AJ_TRY(call(it, 2 + it->n_state, arena));
        if (it->out[0]->n != 1) return corrupt(it->c, "has a body whose condition is not one value");
        go_on = ajp_tensor_int(it->out[0], 0) != 0;
    }
    return AJ_OK;
}

static aj_status run_loop(const ajp_op_control *c)
{
    const ajp_tensor *trips = input(c, 0), *condition = input(c, 1);
    const ajp_graph *body = ajp_control_child(c->node, "body");
    size_t n_state = c->node->n_in > 2 ? c->node->n_in - 2 : 0;
    if (body == NULL || body->n_inputs != 2 + n_state) return corrupt(c, "has no body that takes its inputs");
    if ((trips != NULL && trips->n != 1) || (condition != NULL && condition->n != 1))
        return corrupt(c, "has a trip count or a condition that is not one value");
    iteration it;
    aj_status st = begin(&it, c, body, n_state, 1);
    for (size_t k = 0; k < n_state && st == AJ_OK; k++) {
        it.state[k] = c->in[2 + k];
        if (it.state[k] == NULL) st = corrupt(c, "lacks a value that it carries along");
    }
    if (st == AJ_OK)
        st = iterate(&it, trips != NULL ? ajp_tensor_int(trips, 0) : INT64_MAX,
                     condition == NULL || ajp_tensor_int(condition, 0) != 0);
    if (st == AJ_OK) st = give_state(&it);
    for (size_t k = 0; k < it.n_stacked && st == AJ_OK; k++) {
        ajp_type each = type_of_stacked(&it, k);
        st = stack(c, &it.stacked[k], &each, 0, false, &c->out[n_state + k]);
    }
    end(&it);
    return st;
}

const ajp_op ajp_op_loop = {
    .min_in = 0, .max_in = SIZE_MAX, .max_out = SIZE_MAX, .attributes = loop_attributes, .control = run_loop};

/* ---- Scan
 * ------------------------------------------------------------------------------------------------------ */

typedef struct {
    int64_t n_inputs;
    ajp_op_list input_axes, output_axes, input_directions, output_directions;
} scan_params;
static const char *const scan_attributes[] = {"body",
                                              "num_scan_inputs",
                                              "scan_input_axes",
                                              "scan_output_axes",
                                              "scan_input_directions",
                                              "directions",
                                              "scan_output_directions",
                                              NULL};

static aj_status parse_scan(const ajp_op_parse *p, void *out)
{
    scan_params *q = out;
    bool old = p->node->opset < 9;
    AJ_TRY(ajp_op_int(p, "num_scan_inputs", 0, &q->n_inputs));
    AJ_TRY(ajp_op_ints(p, "scan_input_axes", &q->input_axes));
    AJ_TRY(ajp_op_ints(p, "scan_output_axes", &q->output_axes));
    AJ_TRY(ajp_op_ints(p, old ? "directions" : "scan_input_directions", &q->input_directions));
    return ajp_op_ints(p, "scan_output_directions", &q->output_directions);
}

static int64_t listed(const ajp_op_list *list, size_t k)
{
    return list->given && k < list->n ? ajp_op_list_at(list, k) : 0;
}

static aj_status scan_axis(const ajp_op_control *c, const ajp_tensor *x, size_t k, size_t *axis)
{
    const scan_params *q = c->node->params;
    if (x == NULL) return corrupt(c, "lacks an input");
    int64_t at = listed(&q->input_axes, k);
    if (at < 0) at += (int64_t)x->type.rank;
    if (at < 0 || at >= (int64_t)x->type.rank) return corrupt(c, "has an input axis that is not there");
    *axis = (size_t)at;
    return AJ_OK;
}

static aj_status count_steps(const ajp_op_control *c, const ajp_tensor *const *scanned, size_t n_scanned,
                             size_t *n_steps)
{
    for (size_t k = 0; k < n_scanned; k++) {
        size_t axis;
        AJ_TRY(scan_axis(c, scanned[k], k, &axis));
        if (k > 0 && scanned[k]->type.dims[axis] != *n_steps)
            return corrupt(c, "has inputs of several lengths");
        *n_steps = scanned[k]->type.dims[axis];
    }
    return AJ_OK;
}

/* One run over all steps: the state is set; scanned[] are the inputs. */
static aj_status scan(iteration *it, const ajp_tensor *const *scanned, size_t n_scanned)
{
    const scan_params *q = it->c->node->params;
    size_t n_steps = 0;
    AJ_TRY(count_steps(it->c, scanned, n_scanned, &n_steps));
    for (size_t i = 0; i < n_steps; i++) {
        ajp_arena *arena = next_turn(it);
        for (size_t k = 0; k < it->n_state; k++) it->in[k] = it->state[k];
        for (size_t k = 0; k < n_scanned; k++) {
            size_t axis, at = listed(&q->input_directions, k) != 0 ? n_steps - 1 - i : i;
            AJ_TRY(scan_axis(it->c, scanned[k], k, &axis));
            it->in[it->n_state + k] = take(arena, scanned[k], axis, at);
            if (it->in[it->n_state + k] == NULL) return no_memory(it->c);
        }
        AJ_TRY(call(it, it->n_state + n_scanned, arena));
    }
    return AJ_OK;
}

static aj_status run_scan_9(const ajp_op_control *c, const ajp_graph *body, size_t n_scanned)
{
    const scan_params *q = c->node->params;
    size_t n_state = c->node->n_in - n_scanned;
    iteration it;
    aj_status st = begin(&it, c, body, n_state, 0);
    for (size_t k = 0; k < n_state && st == AJ_OK; k++) {
        it.state[k] = c->in[k];
        if (it.state[k] == NULL) st = corrupt(c, "lacks an initial state");
    }
    if (st == AJ_OK) st = scan(&it, c->in + n_state, n_scanned);
    if (st == AJ_OK) st = give_state(&it);
    for (size_t k = 0; k < it.n_stacked && st == AJ_OK; k++) {
        ajp_type each = type_of_stacked(&it, k);
        st = stack(c, &it.stacked[k], &each, listed(&q->output_axes, k),
                   listed(&q->output_directions, k) != 0, &c->out[n_state + k]);
    }
    end(&it);
    return st;
}

/* ---- Scan 8: everything has a batch axis in front ---- */

/* One sequence of the batch; its results are appended to `results`, one list an output. */
static aj_status scan_sequence(const ajp_op_control *c, const ajp_graph *body, size_t n_scanned, size_t at,
                               ajp_arena *kept, parts *results)
{
    size_t n_all = c->node->n_in - 1, n_state = n_all - n_scanned;
    const ajp_tensor **own = ajp_arena_array(kept, n_all + 1, sizeof *own);
    iteration it;
    aj_status st = begin(&it, c, body, n_state, 0);
    if (own == NULL && st == AJ_OK) st = no_memory(c);
    for (size_t k = 0; k < n_all && st == AJ_OK; k++) {
        own[k] = take(kept, c->in[1 + k], 0, at);
        if (own[k] == NULL) st = no_memory(c);
        if (k < n_state) it.state[k] = own[k];
    }
    if (st == AJ_OK) st = scan(&it, own + n_state, n_scanned);
    for (size_t k = 0; k < n_state && st == AJ_OK; k++) st = append(c, kept, &results[k], it.state[k]);
    for (size_t k = 0; k < it.n_stacked && st == AJ_OK; k++) {
        const ajp_tensor *all;
        ajp_type each = type_of_stacked(&it, k);
        st = stack(c, &it.stacked[k], &each, 0, false, &all);
        if (st == AJ_OK) st = append(c, kept, &results[n_state + k], all);
    }
    end(&it);
    return st;
}

static aj_status run_scan_8(const ajp_op_control *c, const ajp_graph *body, size_t n_scanned)
{
    ajp_arena kept;
    size_t batch = 0;
    if (input(c, 0) != NULL)
        return ajp_node_fail(c->graph->path, c->node, AJ_UNSUPPORTED, c->err, "has lengths of its sequences");
    for (size_t k = 1; k < c->node->n_in; k++) {
        const ajp_tensor *x = c->in[k];
        if (x == NULL || x->type.rank < 1 || (k > 1 && x->type.dims[0] != batch) || x->type.dims[0] == 0)
            return corrupt(c, "has inputs without a common batch axis");
        batch = x->type.dims[0];
    }
    ajp_arena_init(&kept, c->graph->context);
    parts *results = ajp_arena_array(&kept, c->node->n_out + 1, sizeof *results);
    aj_status st = results == NULL ? no_memory(c) : AJ_OK;
    for (size_t b = 0; b < batch && st == AJ_OK; b++)
        st = scan_sequence(c, body, n_scanned, b, &kept, results);
    for (size_t k = 0; k < c->node->n_out && st == AJ_OK; k++)
        st = stack(c, &results[k], &results[k].first->part->type, 0, false, &c->out[k]);
    ajp_arena_free(&kept);
    return st;
}

static aj_status run_scan(const ajp_op_control *c)
{
    const scan_params *q = c->node->params;
    const ajp_graph *body = ajp_control_child(c->node, "body");
    bool old = c->node->opset < 9;
    size_t n_in = old && c->node->n_in > 0 ? c->node->n_in - 1 : c->node->n_in; /* without the lengths */
    if (q->n_inputs < 1 || (uint64_t)q->n_inputs > n_in || body == NULL || body->n_inputs != n_in)
        return corrupt(c, "has no body that takes its inputs");
    return (old ? run_scan_8 : run_scan_9)(c, body, (size_t)q->n_inputs);
}

const ajp_op ajp_op_scan = {.min_in = 0, /* the lengths of opset 8 may be left out */

                            .max_in = SIZE_MAX,
                            .max_out = SIZE_MAX,
                            .params_size = sizeof(scan_params),
                            .attributes = scan_attributes,
                            .parse = parse_scan,
                            .control = run_scan};
