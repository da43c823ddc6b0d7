/* layout.c: which values of a program have their channels together: [samples][axes][channels].
 *
 * A convolution reads and writes them that way at full speed, pooling too, and element-wise operators do not
 * care; so every value between them is kept in that order, and nothing is turned inside a chain of them.  All
 * values that may start so; then those are taken back that an operator wants as in the file, or that meet one
 * which is, until nothing changes. */
#include <string.h>

#include "program.h"

typedef struct {
    ajp_program *program;
    ajp_type *types; /* per slot: as its producer writes it */
    bool *last;      /* per slot */
    bool changed;
} chooser;

/* With one channel or one place both orders are the same memory. */
static bool is_neutral(const ajp_type *t)
{
    return t->rank < 2 || t->dims[1] == 1 || ajp_dims_product(t->dims + 2, t->rank - 2) == 1;
}

static bool is_image(const ajp_type *t)
{
    return t->rank >= 3 && t->batch_axis <= 0;
}

static bool same_dims(const ajp_type *a, const ajp_type *b)
{
    return a->rank == b->rank && a->batch_axis == b->batch_axis &&
           memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) == 0;
}

static bool is_value(const ajp_operand_of_step *o)
{
    return o->constant == NULL && o->slot != AJP_NO_VALUE;
}

static void take_back(chooser *c, const ajp_operand_of_step *o)
{
    if (!is_value(o) || !c->last[o->slot]) return;
    c->last[o->slot] = false;
    c->changed = true;
}

static void take_all_back(chooser *c, const ajp_step *step)
{
    for (size_t k = 0; k < step->n_in; k++) take_back(c, &step->in[k]);
    for (size_t k = 0; k < step->n_out; k++) take_back(c, &step->out[k]);
}

/* ---- what a step allows ---------------------------------------------------------------------------------
 */

/* Whether the operand is there with its channels together, or may be read as if it were. */
static bool goes_along(const chooser *c, const ajp_operand_of_step *o)
{
    return !is_value(o) || c->last[o->slot] || is_neutral(&o->type);
}

/* An operand of an operator that wants one order for all: its axes have to be those of the result. */
static bool can_be_turned(const ajp_operand_of_step *o, size_t rank)
{
    if (!is_value(o)) return o->constant == NULL || o->constant->n == 1 || o->constant->type.rank <= rank;
    return o->type.rank == rank && is_image(&o->type);
}

/* Before opset 7 the axis of a broadcast operand is an attribute, in the order of the file. */
static bool aligns_by_attribute(const ajp_step *step)
{
    if (step->node->opset >= 7 || step->n_in < 2) return false;
    for (size_t k = 1; k < step->n_in; k++)
        if (!same_dims(&step->in[0].type, &step->in[k].type)) return true;
    return false;
}

static bool all_alike(const chooser *c, const ajp_step *step)
{
    size_t rank = step->out[0].type.rank;
    const ajp_op *op = step->node->op;
    bool good = is_image(&step->out[0].type) && !aligns_by_attribute(step);
    if (op->takes_last != NULL)
        good = good && op->takes_last(step->node, 0, &step->in[0].type, &step->out[0].type);
    for (size_t k = 0; k < step->n_in; k++)
        good = good && goes_along(c, &step->in[k]) && can_be_turned(&step->in[k], rank);
    for (size_t k = 0; k < step->n_out; k++)
        good = good && goes_along(c, &step->out[k]) && can_be_turned(&step->out[k], rank);
    return good;
}

static void limit_each(chooser *c, const ajp_step *step)
{
    size_t n_in = step->n_in;
    if (step->sum != NULL) { /* what is added lies as the result does */
        const ajp_operand_of_step *add = &step->in[--n_in];
        if (!goes_along(c, add) || !goes_along(c, &step->out[0])) {
            take_back(c, add);
            take_back(c, &step->out[0]);
        }
    }
    for (size_t k = 1; k < n_in; k++) take_back(c, &step->in[k]);
    for (size_t k = 1; k < step->n_out; k++) take_back(c, &step->out[k]);
    if (!step->node->op->takes_last(step->node, step->n_op_products, &step->in[0].type, &step->out[0].type))
        take_all_back(c, step);
}

static void limit(chooser *c, const ajp_step *step)
{
    ajp_layout layout = step->is_product ? AJP_LAYOUT_FILE : step->node->op->layout;
    if (layout == AJP_LAYOUT_EACH)
        limit_each(c, step);
    else if (layout == AJP_LAYOUT_FILE || !all_alike(c, step))
        take_all_back(c, step);
    /* a view of other shape: its axes are not those that were turned */
    for (size_t k = 0; k < step->n_in; k++)
        if (is_value(&step->in[k]) && !same_dims(&step->in[k].type, &c->types[step->in[k].slot]))
            take_back(c, &step->in[k]);
}

static void start(chooser *c)
{
    const ajp_program *p = c->program;
    for (size_t i = 0; i < p->n_steps; i++)
        for (size_t k = 0; k < p->steps[i].n_out; k++) {
            const ajp_operand_of_step *o = &p->steps[i].out[k];
            if (!is_value(o)) continue;
            c->types[o->slot] = o->type;
            c->last[o->slot] = is_image(&o->type) && !is_neutral(&o->type);
        }
    for (size_t k = 0; k < p->n_inputs; k++) c->last[p->inputs[k].slot] = false;
    for (size_t k = 0; k < p->n_inputs; k++) c->types[p->inputs[k].slot] = p->inputs[k].type;
    for (size_t k = 0; k < p->n_outputs; k++)
        if (p->outputs[k].slot != AJP_NO_VALUE) c->last[p->outputs[k].slot] = false;
}

/* ---- carrying it out ------------------------------------------------------------------------------------
 */

static void turn_type(ajp_type *t)
{
    size_t channels = t->dims[1];
    if (t->rank < 3) return;
    memmove(t->dims + 1, t->dims + 2, (t->rank - 2) * sizeof *t->dims);
    t->dims[t->rank - 1] = channels;
}

/* A constant operand with the axes that broadcasting gives it, turned. */
static bool turn_constant(ajp_arena *arena, ajp_operand_of_step *o, size_t rank)
{
    const ajp_tensor *from = o->constant;
    if (from == NULL || from->n == 1) return true;
    ajp_tensor *to = ajp_arena_alloc(arena, sizeof *to);
    if (to == NULL) return false;
    *to = *from;
    size_t missing = rank - from->type.rank;
    for (size_t d = rank; d-- > 0;) to->type.dims[d] = d < missing ? 1 : from->type.dims[d - missing];
    to->type.rank = rank;
    size_t n_channels = to->type.dims[1], n_outer = to->type.dims[0],
           n_places = ajp_dims_product(to->type.dims + 2, rank - 2);
    size_t size = ajp_dtype_size(from->type.dtype);
    if (!is_neutral(&to->type)) {
        char *bytes = ajp_arena_array(arena, from->n, size);
        if (bytes == NULL) return false;
        for (size_t e = 0; e < n_outer * n_channels * n_places; e++) {
            size_t place = e % n_places, channel = e / n_places % n_channels,
                   outer = e / n_places / n_channels;
            memcpy(bytes + ((outer * n_places + place) * n_channels + channel) * size,
                   (const char *)from->data + e * size, size);
        }
        to->data = bytes;
    }
    turn_type(&to->type);
    o->constant = to;
    o->type = to->type;
    return true;
}

static bool turn_step(const chooser *c, ajp_step *step)
{
    ajp_layout layout = step->is_product ? AJP_LAYOUT_FILE : step->node->op->layout;
    size_t rank = step->n_out > 0 ? step->out[0].type.rank : 0;
    bool some = false;
    if (layout == AJP_LAYOUT_FILE) return true;
    if (layout == AJP_LAYOUT_EACH) {
        step->x_last = is_value(&step->in[0]) && c->last[step->in[0].slot];
        step->y_last = c->last[step->out[0].slot];
        return true;
    }
    for (size_t k = 0; k < step->n_in; k++)
        some = some || (is_value(&step->in[k]) && c->last[step->in[k].slot]);
    for (size_t k = 0; k < step->n_out; k++)
        some = some || (is_value(&step->out[k]) && c->last[step->out[k].slot]);
    if (!some) return true;
    step->x_last = step->y_last = true;
    for (size_t k = 0; k < step->n_in; k++) {
        if (is_value(&step->in[k])) turn_type(&step->in[k].type);
        if (!turn_constant(c->program->graph.arena, &step->in[k], rank)) return false;
    }
    for (size_t k = 0; k < step->n_out; k++)
        if (is_value(&step->out[k])) turn_type(&step->out[k].type);
    return true;
}

aj_status ajp_program_choose_layouts(ajp_program *program, aj_error *err)
{
    ajp_arena *arena = program->graph.arena;
    chooser c = {program, ajp_arena_array(arena, program->n_slots + 1, sizeof *c.types),
                 ajp_arena_array(arena, program->n_slots + 1, sizeof *c.last), true};
    if (c.types == NULL || c.last == NULL) return ajp_no_memory(err, program->graph.path);
    start(&c);
    while (c.changed) {
        c.changed = false;
        for (size_t i = 0; i < program->n_steps; i++) limit(&c, &program->steps[i]);
    }
    for (size_t i = 0; i < program->n_steps; i++)
        if (!turn_step(&c, &program->steps[i])) return ajp_no_memory(err, program->graph.path);
    return AJ_OK;
}
