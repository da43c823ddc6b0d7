/* report: every allocation of a card gets its turn to fail: NO_MEMORY and nothing written, or the whole text.
 */
#include "check.h"

#include "attojoule/report.h"

/* Stands in for the C library's: allocation number `countdown` and all later ones fail. */
static long countdown = -1;
void *aligned_alloc(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size)
{
    void *pointer = NULL;
    if (countdown == 0) return NULL;
    if (countdown > 0) countdown--;
    return posix_memalign(&pointer, alignment, size) == 0 ? pointer : NULL;
}

static aj_error err;

static const double times[] = {0, 1, 2}, joules[] = {0, 100, 250};
static const aj_card_series series = {"machine", 3, times, joules};
static const aj_card_mark mark = {1, "epoch 1"};
static const aj_card_domain domain = {.name = "powercap/package-0",
                                      .role = "counted",
                                      .counted = true,
                                      .divided = true,
                                      .measured_joules = 250,
                                      .attributed_joules = 200,
                                      .idle_joules = 30,
                                      .others_joules = 20};
static const aj_card_phase phase = {.name = "epoch", .n = 2, .duration_seconds = 2, .measured_joules = 250};
static const char *const hint = "Do this.";

static aj_status write(const aj_card *cards, size_t n, const char *format, char **text)
{
    size_t size = 0;
    aj_card_options options = AJ_CARD_OPTIONS_INIT;
    options.command = "aj report last";
    options.account = &cards[1];
    FILE *stream = open_memstream(text, &size);
    aj_status st = aj_card_write(stream, format, cards, n, &options, &err);
    fclose(stream);
    return st;
}

int main(void)
{
    aj_card_row rows[AJ_N_CARD_SECTIONS];
    for (int i = 0; i < AJ_N_CARD_SECTIONS; i++)
        rows[i] = (aj_card_row){.section = (aj_card_section)i,
                                .key = i == AJ_CARD_ENERGY ? "energy_joules" : "location_kilograms_co2e",
                                .label = "a row",
                                .value = 250,
                                .low = 240,
                                .high = 260,
                                .unit = i == AJ_CARD_ENERGY ? "J" : "kg",
                                .origin = AJ_MODELLED,
                                .source = i % 2 ? "one source" : "another"};
    aj_card card = {"train", "00112233445566778899aabbccddeeff",
                    rows,    AJ_N_CARD_SECTIONS,
                    &domain, 1,
                    &phase,  1,
                    &series, 1,
                    &mark,   1,
                    &hint,   1};
    aj_card cards[2] = {card, card};
    const char *format;
    for (size_t i = 0; (format = aj_report_format(i, NULL)) != NULL; i++)
        for (size_t n_cards = 1; n_cards <= 2; n_cards++) {
            char *text, *whole;
            long n = 0;
            CHECK_OK(write(cards, n_cards, format, &whole), err);
            CHECK(strlen(whole) > 100);
            for (aj_status st = AJ_NO_MEMORY; st != AJ_OK; n++) {
                countdown = n;
                st = write(cards, n_cards, format, &text);
                countdown = -1;
                CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
                CHECK_STRING(text, st == AJ_OK ? whole : "");
                free(text);
            }
            printf("%s: %ld allocations\n", format, n - 1);
            CHECK(n > 3);
            free(whole);
        }
    return check_report();
}
