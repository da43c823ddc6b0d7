#!/bin/sh
# run.sh CASE: runs one case in an empty folder of its own. 0 passed, 77 skipped, 1 failed.
set -u
case_file=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
unset AJ_DATA XDG_DATA_HOME # nothing of the user's decides a test
HOME=$folder
export HOME
. "$here/lib.sh"
. "$case_file"
report
