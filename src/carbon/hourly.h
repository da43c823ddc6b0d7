/* hourly.h: where an hourly series came from. */
#ifndef AJP_HOURLY_H
#define AJP_HOURLY_H

#include "attojoule/carbon.h"

const char *ajp_hourly_path(const aj_hourly *hourly);

#endif
