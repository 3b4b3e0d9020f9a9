#!/bin/sh
# Usage: verify-process.sh KEY 'NAME [OPTION=WORD]...'
#
# UP if processes called NAME run on this machine, DOWN if not. Those that are
# stopped or dead (a zombie) do not count. Every node looks at its own machine:
# the cluster agrees only if a quorum of them sees the same.
#
#   min=1 max=N   how many there have to be, and may be
#   user=NAME     whose they are
#
# Needs ps.

. "${0%/*}/lib-verify.sh"
verification 'min max user' "$@"
need ps procps
numbers min max
[ -n "$target" ] || unknown 'VALUE is the name of a process'
: "${min:=1}"
ask ps -e -o pid= -o stat= -o user= -o comm= || unknown "ps: $answer"
printf '%s\n' "$answer" | grep -q '^ *1 ' ||
	unknown 'the agent may not see what others run: hidepid of /proc, or ProtectProc of its unit'
# Linux keeps fifteen letters of a name; elsewhere ps may show the whole path.
# shellcheck disable=SC2154 # an option
found=$(printf '%s\n' "$answer" | called=$target owner=$user awk '{
	state = $2; owner = $3; sub(/^ *[^ ]+ +[^ ]+ +[^ ]+ +/, ""); sub(/^.*\//, "")
	if ($0 != ENVIRON["called"] && $0 != substr(ENVIRON["called"], 1, 15)) next
	if (ENVIRON["owner"] != "" && owner != ENVIRON["owner"]) next
	if (state ~ /^[TZX]/) bad++; else good++
} END { print good + 0, bad + 0 }')
good=${found% *} bad=${found#* }
words="$good of $target run"
[ "$bad" -eq 0 ] || words="$words, and $bad are stopped or dead"
[ "$good" -ge "$min" ] || down "$words; at least $min should"
[ "$good" -le "${max:-$good}" ] || down "$words; at most $max should"
up "$words"
