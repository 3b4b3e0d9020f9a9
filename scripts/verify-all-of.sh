#!/bin/sh
# Usage: verify-all-of.sh KEY 'SCRIPT VALUE && SCRIPT VALUE [&& ...]'
#
# Runs other verification scripts of this folder side by side, each with KEY and
# its own VALUE. UP if all say UP, DOWN if one says DOWN; else UNKNOWN.
# Only scripts whose names begin with verify are run. A part may be
# verify-any-of.sh with parts of its own.

. "${0%/*}/lib-verify.sh"
[ "$#" -eq 2 ] || unknown "usage: $me KEY 'SCRIPT VALUE && SCRIPT VALUE' (see $me --help)"
key=$1 value=$2
parts '&&'
[ -z "$downs" ] || down "$downs"
[ -z "$unknowns" ] || unknown "$unknowns"
up "$ups"
