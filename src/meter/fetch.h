/* fetch.h: the text of a web page, by the program curl: TLS, proxies and passwords are its business. */
#ifndef AJP_METER_FETCH_H
#define AJP_METER_FETCH_H

#include "base/internal.h"

/* Runs `program` (a name for the path, or a file) on the address and gives what it prints, at most size - 1
 * bytes.  NOT_FOUND: there is no such program.  DENIED: the server wants a name and password.  IO with what
 * the program said: anything else, and when it takes too long. */
aj_status ajp_fetch(const char *program, const char *url, double most_seconds, char *text, size_t size,
                    aj_error *err);

#endif
