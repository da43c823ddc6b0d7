#!/bin/sh
# install.sh BUILD CMAKE CC: what is installed is enough for a program of someone else, through pkg-config and through
# find_package, and the installed command runs.
set -eu
build=$1
cmake=$2
cc=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$cmake" --install "$build" --prefix "$folder/tree" >install.log
cat >program.c <<'PROGRAM'
#include <stdio.h>
#include "attojoule/attojoule.h"
int main(void)
{
    printf("%s %s\n", AJ_VERSION_STRING, aj_status_name(AJ_OK));
    return 0;
}
PROGRAM
cat >CMakeLists.txt <<'PROJECT'
cmake_minimum_required(VERSION 3.20)
project(program C)
find_package(attojoule 0.1 REQUIRED)
add_executable(program program.c)
target_link_libraries(program PRIVATE attojoule::attojoule)
PROJECT
pc=$(find tree -name attojoule.pc)
PKG_CONFIG_PATH=$folder/$(dirname "$pc")
export PKG_CONFIG_PATH
library=$(pkg-config --variable=libdir attojoule)
# shellcheck disable=SC2046
"$cc" -o with_pc program.c $(pkg-config --cflags --libs attojoule)
LD_LIBRARY_PATH=$library ./with_pc | tee said
grep -q '^0\.1\.0 OK$' said
"$cmake" -S . -B cmake_build -DCMAKE_PREFIX_PATH="$folder/tree" -DCMAKE_C_COMPILER="$cc" >cmake.log
"$cmake" --build cmake_build >>cmake.log
./cmake_build/program | grep -q '^0\.1\.0 OK$'
tree/bin/aj --version
for page in aj aj-eval aj-sweep; do [ -s "tree/share/man/man1/$page.1" ]; done
[ -s tree/share/bash-completion/completions/aj ]
