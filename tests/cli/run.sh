#!/bin/sh
# run.sh CASE: runs one case in an empty folder of its own. 0 passed, 77 skipped, 1 failed.
set -u
case_file=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$folder.xdg" "$folder.tmp"' EXIT
cd "$folder" || exit 1
unset AJ_DATA AJ_RUN AJ_MARK # nothing of the user's decides a test
HOME=$folder
XDG_DATA_HOME=$folder.xdg # commands that meter themselves keep their runs there
TMPDIR=$folder.tmp # and what no ledger takes, here
export HOME XDG_DATA_HOME TMPDIR
mkdir "$XDG_DATA_HOME" "$TMPDIR"
. "$here/lib.sh"
. "$case_file"
report
