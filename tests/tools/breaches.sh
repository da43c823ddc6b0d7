#!/bin/sh
# breaches.sh TOOLS: the checks of the tree see what they are there to see.
set -eu
tools=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p include/attojoule src/base src/kernels src/nn src/hardware src/simulate src/report src/cli src/strange
failures=0

fresh() {
    rm -f src/*/*.[ch]
    printf '#include "attojoule/base.h"\nvoid f(double energy_joules, double share_ratio, unsigned n);\n' >include/attojoule/nn.h
    printf '#include <math.h>\n' >include/attojoule/base.h
    printf '#include "../base/internal.h"\n#include "../kernels/kernels.h"\n' >src/nn/graph.c
    printf '#include "cli.h"\n#include "attojoule/report.h"\n' >src/cli/main.c
    printf '#include "../nn/graph.h"\n#include "../hardware/product.h"\n#include "attojoule/record.h"\n' >src/simulate/plan.c
}
expect() { # outcome, check, what
    outcome=pass
    "$tools/check_$2.sh" . >log 2>&1 || outcome=fail
    if [ $outcome != "$1" ]; then
        echo "check_$2 says $outcome on: $3"
        cat log
        failures=$((failures + 1))
    fi
}
fresh
expect pass layers "a good tree"
expect pass units "a good tree"
while read -r file text; do
    fresh
    echo "$text" >>"$file"
    expect fail layers "$file: $text"
done <<'CASES'
src/nn/graph.c #include "../hardware/product.h"
src/nn/graph.c # include "attojoule/simulate.h"
src/nn/graph.c #include <attojoule/hardware.h>
src/nn/graph.c #include "onnx/../../report/report.h"
src/hardware/digital.c #include "../record/builder.h"
src/base/file.c #include "attojoule/nn.h"
src/kernels/gemm.c #include "../nn/graph.h"
src/report/html.c #include "attojoule/simulate.h"
src/cli/main.c #include "../base/internal.h"
src/strange/new.c #include "../base/internal.h"
src/simulate/plan.c #include "attojoule/attojoule.h"
include/attojoule/nn.h #include "../src/nn/graph.h"
include/attojoule/nn.h #include "attojoule/simulate.h"
CASES
while read -r text; do
    fresh
    echo "$text" >>include/attojoule/nn.h
    expect fail units "$text"
done <<'CASES'
struct a { double energy; };
struct a { double energy_pj; };
struct a { double energy_joules, power; };
struct a { double energy_joules, wavelength_nm; };
void f(double length);
double loss_db(int a);
CASES
[ $failures -eq 0 ]
