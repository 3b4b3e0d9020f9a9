# shellcheck shell=sh disable=SC2034,SC2154 # set here and read there, and the other way round
# What verification scripts share, beside lib.sh: VALUE taken apart, a deadline,
# and answers. A script calls  verification 'OPTIONS' "$@"  first.

. "${0%/*}/lib.sh"

say() { # STATUS WORDS: the answer, in one line, and the end
	printf '%s %s\n' "$1" "$(one_line "$2")"
	exit 0
}
up() { say UP "$1"; }
down() { say DOWN "$1"; }
unknown() { say UNKNOWN "$1"; }

verification() { # OPTIONS KEY VALUE: sets $key, $value, $target, $limit and each option
	[ "$#" -eq 3 ] || unknown "usage: $me KEY VALUE (see $me --help)"
	key=$2 value=$3 target=${3%% *}
	deadline
	for each in $1; do eval "$each="; done
	for word in ${value#"$target"}; do
		case " $1 " in
		*" ${word%%=*} "*) ;;
		*) unknown "$word is no option here: $me knows${1:+ }${1:-no options}" ;;
		esac
		case $word in
		*=*) eval "${word%%=*}=\${word#*=}" ;;
		*) unknown "$word has no =: write $word=SOMETHING" ;;
		esac
	done
}

deadline() { # sets $limit, all the seconds there are and a bit less, and $whole, for tools that know no fractions
	seconds=${TOCSIN_TIMEOUT_SECONDS:-5}
	case ${seconds%%.*} in
	'' | 0) limit=0.4 ;;
	1) limit=0.8 ;;
	*[!0-9]*) unknown "TOCSIN_TIMEOUT_SECONDS is $seconds and not a number" ;;
	*) limit=$((${seconds%%.*} - 1)) ;;
	esac
	case $limit in 0.*) whole=1 ;; *) whole=$limit ;; esac
}

ask() { # COMMAND...: sets $answer to what it prints and returns its exit code; too late is DOWN
	need timeout coreutils
	answer=$(timeout --foreground "$limit" "$@" 2>&1 </dev/null)
	set -- "$?"
	[ "$1" -ne 124 ] || down "no answer within $limit s"
	return "$1"
}

blame() { # MESSAGE of a tool: DOWN if it blames the other side, else we go on
	why=$(printf '%s\n' "$1" | grep -Ei 'refused|timed out|timeout|unreachable|no route|on reset|cannot verify|closed the connection' | tail -n 1)
	[ -z "$why" ] || down "$why"
	why=$(printf %s "$1" | tail -n 1)
}

curl_blame() { # after web: what an answer that did not come means
	case $failure in
	7) down "connection refused, or no way there" ;;
	28) down "no answer within $limit s" ;;
	18 | 35 | 51 | 52 | 53 | 55 | 56 | 60) down "no good answer: $answer" ;;
	*) unknown "$answer: is the name right, and known to this machine?" ;;
	esac
}

parts() { # SEPARATOR: runs the scripts that $value names, side by side; sets $ups, $downs and $unknowns
	rest="$value $1 " said='' ups='' downs='' unknowns=''
	while [ -n "$rest" ]; do
		part=${rest%%" $1 "*} rest=${rest#*" $1 "}
		case ${part%% *} in
		*/* | '') unknown "'$part' does not begin with the name of a script" ;;
		verify*) [ -x "$folder/${part%% *}" ] || unknown "$folder/${part%% *} does not exist, or is not executable" ;;
		*) unknown "${part%% *} is not called verify-something, so it is not run" ;;
		esac
	done
	said=$(start_parts "$1")
	while read -r spoken words; do
		case $spoken in
		UP) ups="$ups; $words" ;;
		DOWN) downs="$downs; $words" ;;
		*) unknowns="$unknowns; $spoken $words" ;;
		esac
	done <<-PARTS
		$said
	PARTS
	ups=${ups#; } downs=${downs#; } unknowns=${unknowns#; }
}
start_parts() { # SEPARATOR
	rest="$value $1 "
	while [ -n "$rest" ]; do
		part=${rest%%" $1 "*} rest=${rest#*" $1 "}
		script=${part%% *} part=${part#"${part%% *}"}
		{
			spoken=$("$folder/$script" "$key" "${part# }")
			spoken=${spoken%%"$newline"*}
			case $spoken in
			UP | DOWN | 'UP '* | 'DOWN '*) printf '%s %s: %s\n' "${spoken%% *}" "$script" "${spoken#* }" ;;
			*) printf 'UNKNOWN %s: %s\n' "$script" "${spoken#UNKNOWN }" ;;
			esac
		} &
	done
	wait
}
