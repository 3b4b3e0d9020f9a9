#!/bin/sh
# Usage: verify-any-of.sh KEY 'SCRIPT VALUE || SCRIPT VALUE [|| ...]'
#
# Runs other verification scripts of this folder side by side, each with KEY and
# its own VALUE. UP if one says UP, DOWN if all say DOWN; else UNKNOWN.
# Only scripts whose names begin with verify are run.

. "${0%/*}/lib-verify.sh"
[ "$#" -eq 2 ] || unknown "usage: $me KEY 'SCRIPT VALUE || SCRIPT VALUE' (see $me --help)"
key=$1 value=$2
parts '||'
[ -z "$ups" ] || up "$ups"
[ -z "$unknowns" ] || unknown "$unknowns"
down "$downs"
