/* attojoule.h: all public headers. */
#ifndef ATTOJOULE_ATTOJOULE_H
#define ATTOJOULE_ATTOJOULE_H

#include "attojoule/base.h"
#include "attojoule/carbon.h"
#include "attojoule/data.h"
#include "attojoule/hardware.h"
#include "attojoule/ledger.h"
#include "attojoule/meter.h"
#include "attojoule/nn.h"
#include "attojoule/physics.h"
#include "attojoule/record.h"
#include "attojoule/report.h"
#include "attojoule/simulate.h"
#include "attojoule/train.h"
#include "attojoule/validate.h"

#endif
