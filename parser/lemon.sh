#!/bin/sh
# lemon.sh LEMON OUTPUT_DIR FILE.y...: run Lemon on the files, joined. Fails on any conflict.
set -eu
lemon=$1
output=$2
shift 2
cat "$@" >"$output/grammar.y"
"$lemon" -c -l -q -d"$output" "$output/grammar.y"
