# shellcheck shell=sh disable=SC2034,SC2154 # set here and read there, and the other way round
# What notification scripts share, beside lib.sh: arguments, settings, a fence
# against older events, a lock, a dry run. A script looks like this:
#
#   . "${0%/*}/lib-notify.sh"
#   notification "$@"
#   settings 'this that'
#   act() { ...; }
#   fenced act
#
# Exit codes: 0 done, 1 try again later, 2 and above give up.

. "${0%/*}/lib.sh"

problem() { # EXITCODE WORDS
	printf '%s: %s\n' "$me" "$2" >&2
	exit "$1"
}

notification() { # ROLE KEY VALUE STATUS: sets these, $target, $event and $node
	[ "$#" -eq 4 ] || problem 2 "usage: $me ROLE KEY VALUE STATUS (see $me --help)"
	role=$1 key=$2 value=$3 status=$4 target=${3%% *}
	event=${TOCSIN_EVENT_ID:-} node=${TOCSIN_NODE:-}
	case $role in leader | follower) ;; *) problem 2 "role $role is neither leader nor follower" ;; esac
	case $status in UP | DOWN) ;; *) problem 2 "status $status is neither UP nor DOWN" ;; esac
	case $event in *[!0-9]*) problem 2 "TOCSIN_EVENT_ID is $event and not a number" ;; esac
	case $node in */* | .*) problem 2 "TOCSIN_NODE is $node, which can't be part of a file's name" ;; esac
}

# The settings of this machine: sections [KEY], [*] for all keys, in which a line
# "redis.standby = WORDS" is for notify-redis.sh. What stands further down wins.
settings() { # NAMES: sets a variable for each, "" if there is no such line
	for each in $1; do eval "$each="; done
	file=${SCRIPT_SETTINGS:-/etc/tocsin/scripts.conf} kind=${me#notify-} kind=${kind%.sh}
	[ -e "$file" ] || return 0
	lines=$(KEY=$key awk -v prefix="$kind." '
		{ gsub(/^[ \t]+|[ \t\r]+$/, "") }
		/^\[.*\]$/ { on = $0 == "[*]" || $0 == "[" ENVIRON["KEY"] "]"; next }
		on && index($0, prefix) == 1 { sub(/[ \t]*=[ \t]*/, "="); print substr($0, length(prefix) + 1) }
	' "$file") || problem 1 "$file can't be read"
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		case $line in *=*) ;; *) problem 2 "$file: '$kind.$line' has no =" ;; esac
		case " $1 " in *" ${line%%=*} "*) ;; *) problem 2 "$file: there is no setting $kind.${line%%=*}, only $1" ;; esac
		eval "${line%%=*}=\${line#*=}"
	done <<-LINES
		$lines
	LINES
}
required() { # NAME...: the settings without which nothing can be done
	for each in "$@"; do
		eval "[ -n \"\$$each\" ]" || problem 2 "$kind.$each is not set for $key: add it to $file"
	done
}

leader_only() { # what has to happen once in the whole cluster
	[ "$role" = leader ] || { printf 'left to the leader\n' && exit 0; }
}

dry() { [ -n "${SCRIPT_DRY_RUN:-}" ]; }
run() { # COMMAND...: runs it, or says so in a dry run
	if dry; then printf 'would run: %s\n' "$*"; else "$@"; fi
}

state_folder() { # sets $state, a folder for what has to be remembered
	state=${SCRIPT_STATE_DIR:-}
	if [ -z "$state" ]; then
		# Anybody may write to /tmp: use a folder that is ours and that we made.
		state=${TMPDIR:-/tmp}/tocsin-$(id -u)
		mkdir -m 700 "$state" 2>/dev/null
		[ -n "$(find "$state" -prune -type d -user "$(id -u)" 2>/dev/null)" ] ||
			problem 1 "$state is not a folder of ours: set SCRIPT_STATE_DIR"
	fi
}

# A lock is held by us and by all who inherit it: hence the 8>&- where we act. One
# of those who hangs, and got away when we were ended, would block all later runs.
locked() { # FILE COMMAND...: one at a time on this machine
	command exec 8>"$1" || problem 1 "$1 can't be opened: is its folder writable?"
	shift
	if command -v flock >/dev/null; then
		flock 8 || problem 1 'no lock'
	fi
	"$@" 8>&-
}

# The fence. Event ids grow, and are the same on every node. We remember the
# highest we acted upon for this key and refuse what is older, whoever brings it:
# a node that slept, a run that was thought dead. The same id may come twice (a
# second attempt, a new leader), so what follows must bear being done twice.
fenced() { # COMMAND...: runs it, unless that is refused; by hand there is no fence
	if [ -z "$event" ] || dry; then
		"$@"
		return
	fi
	state_folder
	# A key may hold anything: its bytes in hex, in pieces that fit a file name.
	fence=$state/fence/${node:-none}/$me/$(printf %s "$key" | od -An -v -tx1 | tr -d ' \n' | sed 's/.\{200\}/&\//g')
	mkdir -p "$fence" || problem 1 "$fence can't be made: is $state writable?"
	locked "$fence/lock" pass "$@"
}
pass() { # COMMAND...
	last=0
	[ ! -e "$fence/last" ] || read -r last <"$fence/last"
	case $last in '' | *[!0-9]*) problem 2 "$fence/last is damaged: remove it" ;; esac
	if [ "$event" -lt "$last" ]; then
		printf 'refused: event %s of %s is older than %s (a cluster founded anew? remove %s)\n' \
			"$event" "$key" "$last" "$state/fence"
		exit 0
	fi
	# Before we act: once we have begun, nothing older may act after us. By
	# renaming: a crash leaves the old number or the new one, never half of it.
	{ printf '%s\n' "$event" >"$fence/next" && mv -f "$fence/next" "$fence/last"; } ||
		problem 1 "$fence/last can't be written"
	"$@"
}
