# What the command is made of: a light process.
title "libraries"
line="ldd $AJ"
: >stdout
: >stderr
[ -z "${AJ_SANITIZED:-}" ] || skip "a sanitizer brings its own libraries"
command -v ldd >/dev/null || skip "ldd is not here"
ldd "$AJ" | awk '{ sub(/.*\//, "", $1); print $1 }' >stdout
for name in $(cat stdout); do
    checks=$((checks + 1))
    case $name in
    linux-vdso.so.* | linux-gate.so.* | ld-linux*) ;;
    libc.so.* | libm.so.* | libpthread.so.* | libz.so.* | libsqlite3.so.* | libjansson.so.* | libyaml-0.so.*) ;;
    *) problem "$name is linked" ;;
    esac
done
