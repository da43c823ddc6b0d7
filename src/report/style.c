/* style.c: the style sheet of the HTML report. */
#include "style.h"

#include <string.h>

static const char *const rules[] = {
    ":root{color-scheme:light;--ink:#1a202c;--soft:#4a5568;--line:#dfe3e8;--blue:#1f5fa8;--pale:#f5f8fc}",
    "*{box-sizing:border-box}",
    "body{margin:0;background:#fff;color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,'Noto Sans',sans-serif}",
    "main{max-width:1060px;margin:0 auto;padding:40px 28px 60px}",
    "h1{font-size:31px;line-height:1.22;margin:0 0 6px;letter-spacing:-.01em}",
    "h2{font-size:22px;margin:52px 0 10px;padding-top:18px;border-top:2px solid var(--ink)}",
    "h3{font-size:17px;margin:28px 0 6px}",
    "p{margin:10px 0;max-width:76ch}p.sub{color:var(--soft);margin:0 0 22px}p.lead{font-size:17.5px}",
    "p.note,figcaption{color:var(--soft);font-size:14px;max-width:96ch}",
    "p.headline{font-size:20px;line-height:1.45;background:var(--pale);border-left:5px solid var(--blue);"
    "padding:16px 20px;margin:24px 0;max-width:none}",
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:14px;margin:22px 0 "
    "10px}",
    ".tile{border:1px solid var(--line);border-radius:8px;padding:14px 16px}",
    ".tile "
    "b{display:block;font-size:27px;line-height:1.15;font-variant-numeric:tabular-nums;color:var(--blue)}",
    ".tile "
    "span{display:flex;align-items:flex-end;min-height:2.7em;font-size:14px;line-height:1.3;font-weight:600;"
    "margin-bottom:5px}",
    ".tile "
    "i{display:block;font-style:normal;color:var(--soft);font-size:13px;line-height:1.4;margin-top:6px}",
    "figure{margin:20px 0 26px}figure svg{display:block;width:100%;height:auto}",
    "figure>.frame{border:1px solid var(--line);border-radius:8px;padding:14px 14px "
    "8px}figcaption{margin-top:9px}",
    "figcaption b{color:var(--ink)}",
    ".scroll{overflow-x:auto;margin:16px 0 6px}",
    "table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.4}",
    "caption{text-align:left;font-weight:600;padding:4px 0 6px;font-size:15px}",
    "th,td{padding:6px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}",
    "thead th{border-bottom:2px solid "
    "#a0aec0;vertical-align:bottom;font-size:13px;line-height:1.3;color:var(--soft)}",
    "td:first-child,th:first-child{padding-left:2px}td:last-child,th:last-child{padding-right:2px}",
    ".n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}",
    "tr.rule td{border-top:2px solid #718096}tr.strong td{font-weight:600;background:var(--pale)}",
    "table.facts th{width:230px;font-weight:600;color:var(--soft)}table.facts td{overflow-wrap:anywhere}",
    "td{overflow-wrap:break-word}",
    "code,pre{font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}",
    "pre{background:#f7f8fa;border:1px solid var(--line);border-radius:6px;padding:12px "
    "14px;white-space:pre-wrap;"
    "overflow-wrap:anywhere}",
    "ul{padding-left:22px;max-width:92ch}li{margin:4px 0}",
    "details{margin:10px 0}summary{cursor:pointer;font-weight:600}",
    "svg.chart text{font-size:14.5px;fill:#374151}svg.chart "
    "text.head{font-size:15.5px;font-weight:600;fill:#1a202c}",
    "svg.chart .sum{font-weight:400;fill:#4a5568}svg.chart text.in{font-size:13.5px;fill:#1a202c}",
    "svg.chart text.light{fill:#fff}svg.chart .grid{stroke:#e5e7eb;stroke-width:1}",
    "svg.chart text.tick{font-size:13px;fill:#4a5568}svg.chart "
    "line.law{stroke:#6b7280;stroke-width:1.3;stroke-dasharray:6 4}",
    "svg.chart text.law{font-size:13.5px;fill:#4b5563}svg.chart .span{stroke:#a0aec0;stroke-width:3}",
    "svg.chart .halo{paint-order:stroke;stroke:#fff;stroke-width:5px;stroke-linejoin:round}",
    ".b0{fill:#d97706}.b1{fill:#1f5fa8}.b2{fill:#2d3748}",
    "svg.chart path.line{fill:none;stroke-width:2.2;stroke-linejoin:round}svg.chart "
    ".l0{stroke:#2d3748}svg.chart "
    ".l1{stroke:#1f5fa8}svg.chart .l2{stroke:#d97706}svg.chart .l3{stroke:#0f766e}svg.chart "
    ".l4{stroke:#9d174d}svg.chart .l5{stroke:#6d28d9}svg.chart "
    "line.mark{stroke:#a0aec0;stroke-width:1;stroke-dasharray:3 3}",
    "p.hint{border-left:4px solid #d97706;padding:4px 12px;margin:8px 0}section.run{break-before:page}",
    ".card h2{font-size:19px;margin:30px 0 6px;padding-top:10px;border-top:1px solid #a0aec0}"
    ".card .tile b{font-size:21px}.card .tile span{min-height:0}.card "
    ".tiles{grid-template-columns:repeat(auto-fit,"
    "minmax(170px,1fr))}",
    "footer{margin-top:48px;padding-top:14px;border-top:1px solid "
    "var(--line);color:var(--soft);font-size:13.5px}",
    "@media "
    "print{main{max-width:none;padding:0}body{font-size:11pt}h2{break-after:avoid}figure,.tile,tr{break-"
    "inside:avoid}"
    "p.headline,.strong "
    "td,.tile{print-color-adjust:exact;-webkit-print-color-adjust:exact}.scroll{overflow:visible}}",
};

void ajp_style_put(ajp_text *out)
{
    ajp_text_put(out, "<style>\n");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        ajp_text_put(out, rules[i]);
        ajp_text_put(out, "\n");
    }
    ajp_text_put(out, "</style>\n");
}

void ajp_page_element(ajp_text *out, const char *tag, const char *text)
{
    if (text == NULL) {
        out->failed = true;
        return;
    }
    ajp_text_format(out, "<%s>", tag);
    ajp_text_put_html(out, text);
    ajp_text_format(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

void ajp_page_begin(const char *title, ajp_text *out)
{
    ajp_text_put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'\">\n");
    ajp_page_element(out, "title", title);
    ajp_style_put(out);
    ajp_text_put(out, "</head>\n<body>\n<main>\n");
}

void ajp_page_end(ajp_text *out)
{
    ajp_text_put(out,
                 "<footer>attojoule " AJ_VERSION_STRING
                 ": measures, predicts and cuts the energy of neural networks. "
                 "This page is complete in itself and loads nothing.</footer>\n</main>\n</body>\n</html>\n");
}
