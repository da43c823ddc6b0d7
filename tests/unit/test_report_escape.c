/* report: text of strangers in CSV and LaTeX, and the LaTeX of evaluations. */
#include "check.h"

#include "attojoule/report.h"
#include "record/builder.h"
#include "report/text.h"

static aj_error err;

static void check_csv(const char *piece, const char *wanted)
{
    ajp_text text = {0};
    ajp_text_put_csv(&text, piece);
    CHECK_STRING(text.bytes != NULL ? text.bytes : "", wanted);
    ajp_text_free(&text);
}

static void check_latex(const char *piece, const char *wanted)
{
    ajp_text text = {0};
    ajp_text_put_latex(&text, piece);
    CHECK_STRING(text.bytes, wanted);
    ajp_text_free(&text);
}

static void csv(void)
{
    check_csv("", "");
    check_csv("plain", "plain");
    check_csv("a,b", "\"a,b\"");
    check_csv("a\"b", "\"a\"\"b\"");
    check_csv("a\nb", "\"a\nb\"");
    check_csv("=1+1", "\"'=1+1\"");
    check_csv("+1", "\"'+1\"");
    check_csv("-1", "\"'-1\"");
    check_csv("@SUM(A1)", "\"'@SUM(A1)\"");
    check_csv("\t=1", "\"'\t=1\"");
    check_csv("\r=1", "\"'\r=1\"");
    check_csv("\n=1", "\"'\n=1\"");
    check_csv("  =1", "\"'  =1\"");
    check_csv("\xef\xbc\x9d"
              "1",
              "\"'\xef\xbc\x9d"
              "1\""); /* full-width = */
    check_csv("python3 train.py --lr=0.1", "python3 train.py --lr=0.1");
    check_csv("a\x1b[31m", "a\xef\xbf\xbd[31m");
    check_csv("\xff", "\xef\xbf\xbd");
}

static void latex(void)
{
    check_latex("100 % of a_b & c#d ${x}", "100 \\% of a\\_b \\& c\\#d \\$\\{x\\}");
    check_latex("\\input{/etc/passwd}", "\\textbackslash{}input\\{/etc/passwd\\}");
    check_latex("\\write18{rm}^^M~", "\\textbackslash{}write18\\{rm\\}\\textasciicircum{}\\textasciicircum{}"
                                     "M\\textasciitilde{}");
    check_latex("a-b, --lr '1' \"2\" `3`",
                "a-b, -{}-lr \\char39{}1\\char39{} \\char34{}2\\char34{} \\char96{}3\\char96{}");
    check_latex("<a|b>", "\\textless{}a\\textbar{}b\\textgreater{}");
    check_latex("[1]* x", "{[}1{]}{*} x");
    check_latex("1 µJ ± 2 — é ü", "1 \\ensuremath{\\mu}J \\ensuremath{\\pm} 2 --- é ü");
    check_latex("電\x1b\xff", "{[}U+96FB{]}{[}U+001B{]}{[}U+FFFD{]}");
    check_latex("a\nb", "a b");
}

/* Every brace that opens closes, and what is not escaped is a command of ours. */
static void check_balance(const char *text)
{
    static const char *const ours[] = {
        "input",       "par",         "noindent",  "paragraph",     "textbf",         "begin",
        "end",         "hline",       "linewidth", "footnotesize",  "medskip",        "bigskip",
        "nopagebreak", "shortstack",  "tabcolsep", "textbackslash", "textasciitilde", "textasciicircum",
        "textless",    "textgreater", "textbar",   "char",          "ensuremath",     "mu",
        "pm",          "times",       "leq",       "geq",           "approx"};
    int depth = 0, lowest = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\') {
            size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz"), known = n == 0;
            for (size_t i = 0; n > 0 && i < sizeof ours / sizeof *ours; i++)
                known += strlen(ours[i]) == n && strncmp(ours[i], at + 1, n) == 0;
            if (known == 0) fprintf(stderr, "unknown command %.20s\n", at);
            CHECK(known > 0);
            at += n == 0 ? 1 : n;
            continue;
        }
        depth += (*at == '{') - (*at == '}');
        if (depth < lowest) lowest = depth;
    }
    CHECK_INT(depth, 0);
    CHECK_INT(lowest, 0);
}

static void evaluations(void)
{
    aj_evaluation records[2];
    for (int i = 0; i < 2; i++) {
        CHECK_OK(ajp_record_begin(&records[i], &err), err);
        records[i].model = ajp_record_string(&records[i], "runs/\\input{x}_100%&#$~^{.onnx");
        records[i].hardware_name = ajp_record_string(&records[i], i == 0 ? "[light]" : "*memristor}");
        records[i].hardware_family = records[i].hardware_name;
        records[i].n_trials = 3;
        records[i].accuracy_ratio = (aj_summary){0.875, 0.001, 0.872, 0.878, 3};
        records[i].clean_accuracy_ratio = 0.88;
        records[i].macs_per_inference = 1000;
        aj_energy_set(&records[i].energy, AJ_CAUSE_ADC, 1e-9);
    }
    char *text = NULL;
    size_t size = 0;
    for (size_t n = 1; n <= 2; n++) {
        FILE *stream = open_memstream(&text, &size);
        aj_report_options options = AJ_REPORT_OPTIONS_INIT;
        options.command = "aj report '50% off' --format latex";
        options.explain = true;
        CHECK_OK(aj_report_write(stream, "latex", records, n, &options, &err), err);
        fclose(stream);
        CHECK_CONTAINS(text, "\\begin{tabular}");
        CHECK_CONTAINS(text, "87.50");
        CHECK_CONTAINS(text, "50\\% off");
        CHECK_CONTAINS(text, n == 1 ? "{[}light{]}" : "{*}memristor\\}");
        CHECK(strstr(text, "booktabs") == NULL && strstr(text, "toprule") == NULL);
        check_balance(strchr(text, '\n')); /* behind the remark of the first line */
        free(text);
    }
    for (int i = 0; i < 2; i++) aj_evaluation_destroy(&records[i]);
}

int main(void)
{
    csv();
    latex();
    evaluations();
    return check_report();
}
