/* operators_page.h: docs/operators.md, made from ops.def and from what the cases of the ONNX project said. */
#ifndef AJ_OPERATORS_PAGE_H
#define AJ_OPERATORS_PAGE_H

/* A case that was refused, and the library's sentence. */
void page_note(const char *path, const char *message);
/* The page as text, to be freed. */
char *page_text(int n_models, int n_passed);

#endif
