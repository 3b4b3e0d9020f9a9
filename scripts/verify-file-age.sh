#!/bin/sh
# Usage: verify-file-age.sh KEY 'FILE max=SECONDS [size=BYTES]'
#
# UP if FILE on this machine was written to within the last SECONDS, and holds at
# least BYTES; DOWN if it is older, smaller, or not there. For backups, exports
# and signs of life. Every node looks at its own machine.

. "${0%/*}/lib-verify.sh"
verification 'max size' "$@"
numbers max size
case $target in /*) ;; *) unknown "'$target' does not begin with /: give the whole path" ;; esac
[ -n "$max" ] || unknown 'max=SECONDS is missing'
[ -x "${target%/*}/" ] || unknown "${target%/*} can't be looked into by $(id -un), or does not exist"
[ -e "$target" ] || down "$target does not exist"
written=$(stat -L -c '%Y %s' -- "$target" 2>/dev/null) || # Linux
	written=$(stat -L -f '%m %z' -- "$target" 2>&1) ||       # macOS, BSD
	unknown "stat: $written"
age=$(($(date +%s) - ${written% *}))
[ "$age" -le "$max" ] || down "$target was written $age s ago; at most $max should have passed"
[ "${written#* }" -ge "${size:-0}" ] || down "$target holds ${written#* } bytes; at least $size should be there"
up "$target was written $age s ago"
