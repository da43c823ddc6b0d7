#!/bin/sh
# check_layers.sh [FOLDER]: a room of src/ may include itself, the rooms named here, and those that these may use.
# Anything else, or a header that is not there, fails.  The command includes public headers only.
set -eu
cd "${1:-$(dirname -- "$0")/..}"

find src include/attojoule -name '*.[ch]' -o -name '*.def' | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include' |
awk '
BEGIN {
    uses("base", "")
    uses("record", "base")
    uses("physics", "base")
    uses("kernels", "base")
    uses("data", "base")
    uses("nn", "kernels")
    uses("hardware", "physics")
    uses("simulate", "nn hardware data record")
    uses("train", "simulate")
    uses("meter", "record")
    uses("carbon", "record")
    uses("ledger", "record")
    uses("tune", "ledger meter carbon")
    uses("report", "record")
    uses("validate", "train carbon report")
    uses("serve", "report ledger carbon")
    for (changed = 1; changed;) { # what a room may use, its rooms may use: until nothing is added
        changed = 0
        for (pair in may) {
            split(pair, part, SUBSEP)
            for (room in known)
                if (((part[2], room) in may) && !((part[1], room) in may)) { may[part[1], room] = 1; changed = 1 }
        }
    }
}
function uses(room, list,    n, i, names) {
    known[room] = 1
    may[room, room] = 1
    n = split(list, names, " ")
    for (i = 1; i <= n; i++) may[room, names[i]] = 1
}
# The path that "a/b/../c" means.
function plain(path,    n, i, part, kept, out) {
    n = split(path, part, "/")
    kept = 0
    for (i = 1; i <= n; i++) {
        if (part[i] == "..") kept--
        else if (part[i] != ".") out[++kept] = part[i]
    }
    path = out[1]
    for (i = 2; i <= kept; i++) path = path "/" out[i]
    return path
}
function complain(text) { print file ":" line ": " text; bad++ }
{
    match($0, /^[^:]*:[0-9]+:/)
    split($0, field, ":")
    file = field[1]
    line = field[2]
    text = substr($0, RLENGTH + 1)
    public = file ~ /^include\//
    room = file
    if (public) { sub(/^include\/attojoule\//, "", room); sub(/\.h$/, "", room) }
    else { sub(/^src\//, "", room); sub(/\/.*/, "", room) }
    if (!match(text, /["<][^">]*[">]/)) next
    quote = substr(text, RSTART, 1)
    name = substr(text, RSTART + 1, RLENGTH - 2)
    checked++
    if (name ~ /^attojoule\//) {
        other = name
        sub(/^attojoule\//, "", other)
        sub(/\.h$/, "", other)
        if (other == "attojoule") { if (room != "cli") complain("the room " room " includes every room (" name ")"); next }
    } else if (quote == "<") next
    else {
        folder = file
        sub(/\/[^\/]*$/, "", folder)
        target = plain(folder "/" name)
        if (public) { complain("a public header includes the internal " name); next }
        if (target !~ /^src\//) next # made at build time, in the folder of the room
        other = target
        sub(/^src\//, "", other)
        sub(/\/.*/, "", other)
        if (room == "cli" && other != "cli") { complain("the command includes the internal " name); next }
    }
    if (room == "cli" || room == "attojoule") next
    if (!(room in known)) complain("the room " room " is not in the list of this check")
    else if (!((room, other) in may)) complain("the room " room " may not use " other " (" name ")")
}
END {
    if (checked == 0) { print "no include was found: wrong folder"; bad++ }
    if (bad) { print bad " breach" (bad > 1 ? "es" : "") " of the order of rooms"; exit 1 }
    print checked " includes follow the order of rooms"
}'
