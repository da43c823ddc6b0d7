/* utf8.h: where one character ends and the next begins, in text that may be anything. */
#ifndef AJP_UTF8_H
#define AJP_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at text (1 to 4), 0 when there is none: the end of the string counts as the one-byte
 * character NUL; overlong forms, surrogates, code points beyond U+10FFFF and cut-off sequences are refused.
 */
size_t ajp_utf8_length(const char *text);
/* The code point at *text, which moves to the next; what is not UTF-8 gives U+FFFD and moves by one byte. */
uint32_t ajp_utf8_next(const char **text);

#endif
