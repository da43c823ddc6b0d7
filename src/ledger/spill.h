/* spill.h: runs that the ledger could not take, as JSON lines in a file that its next opening takes in. */
#ifndef AJP_LEDGER_SPILL_H
#define AJP_LEDGER_SPILL_H

#include "run.h"

/* i-th place for the spill file of a ledger: beside it, then in $TMPDIR (/tmp); false at the end. */
bool ajp_spill_path(size_t i, const char *ledger_path, char *path, size_t size);
/* Appends the run to the first place that takes it; `path` gets the place. */
aj_status ajp_spill_append(const char *ledger_path, const aj_run *run, char *path, size_t size,
                           aj_error *err);
/* Puts what all spill files of this ledger hold and removes them.  Lines that are no runs stay in a file
 * <spill>.unread, which `remark` (512 bytes) then names. */
aj_status ajp_spill_take_in(aj_ledger *ledger, uint64_t *n, char *remark, aj_error *err);

#endif
