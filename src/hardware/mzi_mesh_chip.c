/* mzi_mesh_chip.c: weights as phases of meshes, the chip as it was built, and the light through it. */
#include <math.h>
#include <string.h>

#include "../physics/constants.h"
#include "mzi_mesh.h"

enum { PURPOSE_CHIP = 0x4d5a4931 }; /* "MZI1": shares no number with reads, references or training */

/* ---- light ---------------------------------------------------------------------------------------- */

/* One laser feeds modulators (the share s) and local oscillators; photons_per_mac counts what reaches the
 * detectors of both, with every input at full scale and every weight passing everything. */
ajp_mzi_light ajp_mzi_mesh_light(const ajp_mzi_mesh *p)
{
    size_t n = ajp_mzi_ports(p);
    aj_mesh_kind kind = (aj_mesh_kind)p->mesh;
    double columns = 2.0 * (double)aj_mesh_n_columns(kind, n), mzis = 2.0 * (double)(n - 1);
    double through = pow(p->column_transmission_ratio, columns) * pow(p->mzi_transmission_ratio, mzis);
    double share = p->signal_share_ratio;
    double signal = share * p->path_transmission_ratio * p->modulator_transmission_ratio * through;
    double oscillator = (1.0 - share) * p->path_transmission_ratio * p->oscillator_transmission_ratio;
    double ports = (double)n, incident = p->photons_per_mac * ports * ports;
    double launched = incident / (signal + oscillator);
    return (ajp_mzi_light){.launched = launched,
                           .oscillator = launched * oscillator / ports,
                           .signal = launched * signal / ports,
                           .mesh_transmission_ratio = through};
}

/* ---- weights to phases ----------------------------------------------------------------------------- */

static aj_mesh mesh_at(const ajp_mzi_mesh *p, double *phases)
{
    size_t n = ajp_mzi_ports(p), n_mzis = aj_mesh_n_mzis(n);
    return (aj_mesh){.kind = (aj_mesh_kind)p->mesh,
                     .n_ports = n,
                     .theta_radians = phases,
                     .phi_radians = phases + n_mzis,
                     .screen_radians = phases + 2 * n_mzis,
                     .mzi_transmission_ratio = p->mzi_transmission_ratio,
                     .column_transmission_ratio =
                         1.0}; /* the same for every path: part of the light's budget */
}

typedef struct {
    double *matrix, *u, *s, *vt, *work, *complex;
} scratch;

static aj_status make_scratch(size_t n, ajp_arena *arena, scratch *out, aj_error *err)
{
    double **squares[] = {&out->matrix, &out->u, &out->vt};
    bool good = (out->s = ajp_arena_array(arena, n, sizeof(double))) != NULL;
    for (size_t i = 0; i < 3; i++)
        good = good && (*squares[i] = ajp_arena_array(arena, n * n, sizeof(double))) != NULL;
    good = good && (out->work = ajp_arena_array(arena, 2 * n * n, sizeof(double))) != NULL &&
           (out->complex = ajp_arena_array(arena, 2 * n * n, sizeof(double))) != NULL;
    return good ? AJ_OK : ajp_no_memory(err, "mesh");
}

/* The block as an n x n matrix, zeros beyond the edge of the weights. */
static void cut(const ajp_product *product, const float *weights, size_t n, size_t row0, size_t col0,
                double *out)
{
    memset(out, 0, n * n * sizeof *out);
    for (size_t row = 0; row < n && row0 + row < product->rows; row++)
        for (size_t col = 0; col < n && col0 + col < product->cols; col++)
            out[row * n + col] = (double)weights[(row0 + row) * product->cols + col0 + col];
}

static aj_status decompose(const aj_mesh *mesh, const double *orthogonal, scratch *s, aj_error *err)
{
    size_t n = mesh->n_ports;
    for (size_t i = 0; i < n * n; i++) {
        s->complex[2 * i] = orthogonal[i];
        s->complex[2 * i + 1] = 0.0;
    }
    return aj_mesh_decompose(mesh, s->complex, s->work, err);
}

typedef struct {
    const ajp_mzi_mesh *p;
    const ajp_product *product;
    const float *weights;
    ajp_mzi_wanted *which;
    scratch scratch;
    ajp_mzi_program *program;
} programmer;

/* Singular values of the block go to where its attenuators' phases will be. */
static aj_status program_block(programmer *pr, size_t block, aj_error *err)
{
    ajp_mzi_program *program = pr->program;
    size_t n = program->n, n_blocks = program->n_row_blocks * program->n_col_blocks;
    scratch *s = &pr->scratch;
    double *phases = program->phases + block * ajp_mzi_phases(n), *attenuators = phases + 2 * n * n;
    cut(pr->product, pr->weights, n, block / program->n_col_blocks * n, block % program->n_col_blocks * n,
        s->matrix);
    AJ_TRY(aj_svd(n, s->matrix, s->u, s->s, s->vt, s->work, err));
    memcpy(attenuators, s->s, n * sizeof *attenuators);
    program->scales[block] = s->s[0];
    program->largest_scale = fmax(program->largest_scale, s->s[0]);
    if (pr->which != NULL && !pr->which(block, n_blocks)) return AJ_OK;
    aj_mesh first = mesh_at(pr->p, phases), second = mesh_at(pr->p, phases + n * n);
    AJ_TRY(decompose(&first, s->vt, s, err));
    return decompose(&second, s->u, s, err);
}

aj_status ajp_mzi_mesh_program(const ajp_mzi_mesh *p, const ajp_product *product, const float *weights,
                               ajp_mzi_wanted *which, ajp_arena *arena, ajp_mzi_program *out, aj_error *err)
{
    size_t n = ajp_mzi_ports(p);
    ajp_mzi_program program = {
        .n = n, .n_row_blocks = (product->rows + n - 1) / n, .n_col_blocks = (product->cols + n - 1) / n};
    size_t n_blocks = program.n_row_blocks * program.n_col_blocks;
    programmer pr = {.p = p, .product = product, .weights = weights, .which = which, .program = &program};
    AJ_TRY(make_scratch(n, arena, &pr.scratch, err));
    program.scales = ajp_arena_array(arena, n_blocks, sizeof(double));
    program.phases = ajp_arena_array(arena, n_blocks, ajp_mzi_phases(n) * sizeof(double));
    if (program.scales == NULL || program.phases == NULL) return ajp_no_memory(err, "mesh");
    for (size_t block = 0; block < n_blocks; block++) AJ_TRY(program_block(&pr, block, err));
    for (size_t block = 0; block < n_blocks; block++) {
        double *attenuators = program.phases + block * ajp_mzi_phases(n) + 2 * n * n;
        double *scale = &program.scales[block];
        if (ajp_mesh_is(p->weight_scale, MESH_SCALE_LAYER)) *scale = program.largest_scale;
        for (size_t k = 0; k < n;
             k++) /* an interferometer with its phase on both arms: amplitude sin(theta/2) */
            attenuators[k] = *scale > 0.0 ? 2.0 * asin(fmin(attenuators[k] / *scale, 1.0)) : 0.0;
    }
    *out = program;
    return AJ_OK;
}

/* ---- the chip as built ----------------------------------------------------------------------------- */

bool ajp_mzi_mesh_perfect(const ajp_mzi_mesh *p)
{
    return p->splitter_error_radians == 0.0 && isnan(p->phase_bits) && p->phase_error_radians == 0.0 &&
           isnan(p->crosstalk_decay_meters) && p->mzi_transmission_ratio == 1.0;
}

aj_status ajp_mzi_chip_make(const ajp_mzi_mesh *p, ajp_arena *arena, ajp_mzi_chip *out, aj_error *err)
{
    size_t n = ajp_mzi_ports(p), n_mzis = aj_mesh_n_mzis(n);
    size_t n_work = 2 * n * (2 * aj_mesh_n_columns((aj_mesh_kind)p->mesh, n) + 1);
    *out = (ajp_mzi_chip){.phases = ajp_arena_array(arena, ajp_mzi_phases(n), sizeof(double)),
                          .couplers = ajp_arena_array(arena, 4 * n_mzis, sizeof(double)),
                          .amplitudes = ajp_arena_array(arena, n, sizeof(double)),
                          .work = ajp_arena_array(arena, n_work, sizeof(double))};
    if (out->phases == NULL || out->couplers == NULL || out->amplitudes == NULL || out->work == NULL)
        return ajp_no_memory(err, "mesh");
    out->first = mesh_at(p, out->phases);
    out->second = mesh_at(p, out->phases + n * n);
    return AJ_OK;
}

/* Numbers of one block of one trial; the block stands in the counter, so that each has a stream of its own.
 */
static ajp_draws draws_of(const ajp_freeze_request *request, size_t row_block, size_t col_block)
{
    uint64_t tile = request->first_tile + col_block;
    ajp_draws draws;
    ajp_draws_init(&draws, request->seed ^ (uint64_t)PURPOSE_CHIP << 32,
                   (uint64_t)request->trial << 32 | (uint64_t)request->product.layer << 16 | tile);
    draws.counter[1] = (uint32_t)row_block;
    return draws;
}

ajp_draws ajp_mzi_converter_draws(const ajp_freeze_request *request)
{
    return draws_of(request, UINT32_MAX, 0);
}

static void set_mesh(const ajp_mzi_mesh *p, aj_mesh *mesh, const double *couplers, double *work)
{
    size_t n_mzis = aj_mesh_n_mzis(mesh->n_ports);
    mesh->alpha_radians = p->splitter_error_radians > 0.0 ? couplers : NULL;
    mesh->beta_radians = p->splitter_error_radians > 0.0 ? couplers + n_mzis : NULL;
    if (!ajp_mesh_is(p->self_configuration, MESH_CORRECT_NO))
        aj_mesh_correct(mesh, ajp_mesh_is(p->self_configuration, MESH_CORRECT_REAL), work);
    aj_mesh_quantize(mesh, isnan(p->phase_bits) ? 0 : (unsigned)p->phase_bits);
    if (!isnan(p->crosstalk_decay_meters))
        aj_mesh_crosstalk(mesh, p->column_pitch_meters, p->port_pitch_meters, p->crosstalk_decay_meters,
                          work);
}

static void set_attenuators(const ajp_mzi_mesh *p, ajp_mzi_chip *chip)
{
    size_t n = chip->first.n_ports;
    double *phases = chip->phases + 2 * n * n;
    double steps = isnan(p->phase_bits) ? 0.0 : ldexp(1.0, (int)p->phase_bits) / (2.0 * ajp_pi);
    for (size_t k = 0; k < n && steps > 0.0; k++) phases[k] = round(phases[k] * steps) / steps;
}

void ajp_mzi_chip_build(const ajp_mzi_mesh *p, const ajp_freeze_request *request,
                        const ajp_mzi_program *program, size_t row_block, size_t col_block,
                        ajp_mzi_chip *chip)
{
    size_t n = program->n, n_phases = ajp_mzi_phases(n), n_mzis = aj_mesh_n_mzis(n);
    size_t block = row_block * program->n_col_blocks + col_block;
    ajp_draws draws = draws_of(request, row_block, col_block);
    memcpy(chip->phases, program->phases + block * n_phases, n_phases * sizeof(double));
    for (size_t i = 0; i < 4 * n_mzis; i++)
        chip->couplers[i] = p->splitter_error_radians * ajp_draw_normal(&draws);
    set_mesh(p, &chip->first, chip->couplers, chip->work);
    set_mesh(p, &chip->second, chip->couplers + 2 * n_mzis, chip->work);
    set_attenuators(p, chip);
    for (size_t i = 0; i < n_phases; i++) chip->phases[i] += p->phase_error_radians * ajp_draw_normal(&draws);
    for (size_t k = 0; k < n; k++) chip->amplitudes[k] = sin(0.5 * chip->phases[2 * n * n + k]);
}
