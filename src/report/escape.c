/* escape.c: text of strangers in Markdown, CSV and LaTeX. */
#include <string.h>

#include "base/utf8.h"
#include "text.h"

/* ---- Markdown ---- */

void ajp_text_put_markdown(ajp_text *text, const char *piece)
{
    while (*piece != '\0') {
        const char *start = piece;
        uint32_t code = ajp_utf8_next(&piece);
        if (code < 0x80 && strchr("\\|<>&*_[]`#~$!", (int)code) != NULL) {
            ajp_text_put_n(text, (const char[2]){'\\', (char)code}, 2);
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            ajp_text_put(text, " ");
        } else if (code == 0xfffd) {
            ajp_text_put(text, "\xef\xbf\xbd");
        } else {
            ajp_text_put_n(text, start, (size_t)(piece - start));
        }
    }
}

/* ---- CSV ---- */

/* Signs that make a spreadsheet compute: = + - @, their full-width forms, and what may stand in front of
 * them. */
static bool starts_formula(const char *piece)
{
    if (*piece == '\t' || *piece == '\r' || *piece == '\n') return true;
    while (*piece == ' ') piece++;
    switch (ajp_utf8_next(&piece)) {
    case '=':
    case '+':
    case '-':
    case '@':
    case 0xff1d:
    case 0xff0b:
    case 0xff0d:
    case 0xff20:
        return true;
    default:
        return false;
    }
}

void ajp_text_put_csv(ajp_text *text, const char *piece)
{
    bool formula = *piece != '\0' && starts_formula(piece);
    bool quotes = formula || strpbrk(piece, ",\"\r\n") != NULL;
    if (quotes) ajp_text_put(text, formula ? "\"'" : "\"");
    while (*piece != '\0') {
        const char *start = piece;
        uint32_t code = ajp_utf8_next(&piece);
        bool white = code == '\t' || code == '\r' || code == '\n';
        if (code == '"') ajp_text_put(text, "\"");
        if (code == 0xfffd || (code < 0x20 && !white) || (code >= 0x7f && code < 0xa0))
            ajp_text_put(text, "\xef\xbf\xbd");
        else
            ajp_text_put_n(text, start, (size_t)(piece - start));
    }
    if (quotes) ajp_text_put(text, "\"");
}

/* ---- LaTeX ---- */

/* Commands that every LaTeX has in its default encoding, without a package.  Quotes are given by their
 * number, since babel makes letters of them; [ and * could be taken for arguments. */
static const struct {
    uint32_t code;
    const char *latex;
} special[] = {
    {'#', "\\#"},
    {'$', "\\$"},
    {'%', "\\%"},
    {'&', "\\&"},
    {'_', "\\_"},
    {'{', "\\{"},
    {'}', "\\}"},
    {'\\', "\\textbackslash{}"},
    {'^', "\\textasciicircum{}"},
    {'~', "\\textasciitilde{}"},
    {'<', "\\textless{}"},
    {'>', "\\textgreater{}"},
    {'|', "\\textbar{}"},
    {'"', "\\char34{}"},
    {'\'', "\\char39{}"},
    {'`', "\\char96{}"},
    {'[', "{[}"},
    {']', "{]}"},
    {'*', "{*}"},
    {0xa0, "~"}, /* spaces that do not break: no-break, narrow, thin */
    {0x202f, "\\,"},
    {0x2009, "\\,"},
    {0xb0, "\\ensuremath{^\\circ}"},
    {0xb1, "\\ensuremath{\\pm}"},
    {0xb2, "\\ensuremath{^2}"},
    {0xb5, "\\ensuremath{\\mu}"},
    {0x3bc, "\\ensuremath{\\mu}"},
    {0xb7, "\\ensuremath{\\cdot}"},
    {0xd7, "\\ensuremath{\\times}"},
    {0x3bb, "\\ensuremath{\\lambda}"},
    {0x3a9, "\\ensuremath{\\Omega}"},
    {0x2013, "--"},
    {0x2014, "---"},
    {0x2018, "\\char39{}"},
    {0x2019, "\\char39{}"},
    {0x2026, "\\ldots{}"},
    {0x2082, "\\ensuremath{_2}"}, /* CO2 */
    {0x2212, "\\ensuremath{-}"},
    {0x221a, "\\ensuremath{\\surd}"},
    {0x221e, "\\ensuremath{\\infty}"},
    {0x2248, "\\ensuremath{\\approx}"},
    {0x2264, "\\ensuremath{\\leq}"},
    {0x2265, "\\ensuremath{\\geq}"},
    {0x2192, "\\ensuremath{\\to}"},
};

/* Letters with accents that the default encoding can build. */
static bool western(uint32_t code)
{
    static const uint32_t not_built[] = {0xd0, 0xd7, 0xde, 0xf0, 0xf7, 0xfe};
    for (size_t i = 0; i < sizeof not_built / sizeof *not_built; i++)
        if (code == not_built[i]) return false;
    return code >= 0xc0 && code <= 0xff;
}

void ajp_text_put_latex(ajp_text *text, const char *piece)
{
    while (*piece != '\0') {
        const char *start = piece, *latex = NULL;
        uint32_t code = ajp_utf8_next(&piece);
        for (size_t i = 0; latex == NULL && i < sizeof special / sizeof *special; i++)
            if (special[i].code == code) latex = special[i].latex;
        if (latex != NULL)
            ajp_text_put(text, latex);
        else if ((code == '-' || code == ',') && *piece == *start) /* two would be one sign: a ligature */
            ajp_text_format(text, "%c{}", (char)code);
        else if (code == '\t' || code == '\n' || code == '\r')
            ajp_text_put(text, " ");
        else if ((code >= 0x20 && code < 0x7f) || western(code))
            ajp_text_put_n(text, start, (size_t)(piece - start));
        else /* a letter that would stop LaTeX, or nothing printable */
            ajp_text_format(text, "{[}U+%04X{]}", (unsigned)code);
    }
}
