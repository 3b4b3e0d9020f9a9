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

notification() { # ROLE KEY VALUE STATUS: sets these, $target, $event, $cluster and $node
	[ "$#" -eq 4 ] || problem 2 "usage: $me ROLE KEY VALUE STATUS (see $me --help)"
	role=$1 key=$2 value=$3 status=$4 target=${3%% *}
	event=${TOCSIN_EVENT_ID:-} cluster=${TOCSIN_CLUSTER:-} node=${TOCSIN_NODE:-}
	case $role in leader | follower) ;; *) problem 2 "role $role is neither leader nor follower" ;; esac
	case $status in UP | DOWN) ;; *) problem 2 "status $status is neither UP nor DOWN" ;; esac
	case $event in *[!0-9]*) problem 2 "TOCSIN_EVENT_ID is $event and not a number" ;; esac
	case $cluster in */* | .*) problem 2 "TOCSIN_CLUSTER is $cluster, which can't be part of a file's name" ;; esac
	case $node in */* | .*) problem 2 "TOCSIN_NODE is $node, which can't be part of a file's name" ;; esac
}

# The settings of this machine: sections [KEY], [*] for all keys, in which a line
# "redis.standby = WORDS" is for notify-redis.sh. What stands further down wins.
settings() { # NAMES: sets a variable for each, "" if there is no such line
	for each in $1; do eval "$each="; done
	conf=${SCRIPT_SETTINGS:-/etc/tocsin/scripts.conf} kind=${me#notify-} kind=${kind%.sh}
	[ -e "$conf" ] || return 0
	lines=$(KEY=$key awk -v prefix="$kind." '
		{ gsub(/^[ \t]+|[ \t\r]+$/, "") }
		/^\[.*\]$/ { on = $0 == "[*]" || $0 == "[" ENVIRON["KEY"] "]"; next }
		on && index($0, prefix) == 1 { sub(/[ \t]*=[ \t]*/, "="); print substr($0, length(prefix) + 1) }
	' "$conf") || problem 1 "$conf can't be read"
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		case $line in *=*) ;; *) problem 2 "$conf: '$kind.$line' has no =" ;; esac
		case " $1 " in *" ${line%%=*} "*) ;; *) problem 2 "$conf: there is no setting $kind.${line%%=*}, only $1" ;; esac
		eval "${line%%=*}=\${line#*=}"
	done <<-LINES
		$lines
	LINES
}
required() { # NAME...: the settings without which nothing can be done
	for each in "$@"; do
		eval "[ -n \"\$$each\" ]" || problem 2 "$kind.$each is not set for $key: add it to $conf"
	done
}

leader_only() { # what has to happen once in the whole cluster; the setting "on" may be all
	[ "$role" = leader ] || [ "${on:-}" = all ] || { printf 'left to the leader\n' && exit 0; }
}

dry() { [ -n "${SCRIPT_DRY_RUN:-}" ]; }
run() { # COMMAND...: runs it, or says so in a dry run
	if dry; then printf 'would run: %s\n' "$*"; else "$@"; fi
}

state_folder() { # sets $state_dir, a folder for what has to be remembered
	state_dir=${SCRIPT_STATE_DIR:-}
	if [ -z "$state_dir" ]; then
		# Anybody may write to /tmp: use a folder that is ours and that we made.
		state_dir=${TMPDIR:-/tmp}/tocsin-$(id -u)
		mkdir -m 700 "$state_dir" 2>/dev/null
		[ -n "$(find "$state_dir" -prune -type d -user "$(id -u)" 2>/dev/null)" ] ||
			problem 1 "$state_dir is not a folder of ours: set SCRIPT_STATE_DIR"
	elif [ ! -d "$state_dir" ]; then
		(umask 077 && mkdir -p "$state_dir") || problem 1 "$state_dir can't be made: make it, or set another SCRIPT_STATE_DIR"
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

# The fence. Event ids grow, and are the same on every node of a cluster; another
# cluster has a fence of its own, and leaves those of others alone. We remember the
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
	fence=$state_dir/fence/${cluster:-none}/${node:-none}/$me/$(printf %s "$key" | od -An -v -tx1 | tr -d ' \n' | sed 's/.\{200\}/&\//g')
	mkdir -p "$fence" || problem 1 "$fence can't be made: is $state_dir writable?"
	locked "$fence/lock" pass "$@"
}
pass() { # COMMAND...
	last=0
	[ ! -e "$fence/last" ] || read -r last <"$fence/last"
	case $last in '' | *[!0-9]*) problem 2 "$fence/last is damaged: remove it" ;; esac
	if [ "$event" -lt "$last" ]; then
		printf 'refused: event %s of %s is older than %s, which was acted upon\n' "$event" "$key" "$last"
		exit 0
	fi
	# Before we act: once we have begun, nothing older may act after us. By
	# renaming: a crash leaves the old number or the new one, never half of it.
	{ printf '%s\n' "$event" >"$fence/next" && mv -f "$fence/next" "$fence/last"; } ||
		problem 1 "$fence/last can't be written"
	"$@"
}

render() { # RENDER'S ARGUMENTS: a file of this machine, as "tocsin render --help" says
	tocsin=${SCRIPT_TOCSIN:-tocsin}
	need "$tocsin" 'the program, or set SCRIPT_TOCSIN'
	! dry || set -- "$@" --dry-run
	"$tocsin" render "$@"
}
put() { # FILE TEXT [RENDER'S FLAGS]: FILE comes to hold TEXT
	put_file=$1 put_text=$2
	shift 2
	# Without the event: its fence would be the file's, and ours is that of a key.
	put_says=$(printf '%s\n' "$put_text" | TOCSIN_EVENT_ID='' render - "$put_file" "$@" 2>&1) ||
		problem "$?" "${put_says#"tocsin: "}"
	printf '%s\n' "$put_says"
}

json() { # TEXT, without control characters as keys and values are: a string of JSON
	printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"
}

url_part() { # TEXT, as a part of a URL
	case $1 in
	*[!A-Za-z0-9._~-]*) printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /%/g' ;;
	*) printf %s "$1" ;;
	esac
}

document() { # sets $document, the event as JSON: what the node gave, or by hand the least of it
	document=''
	[ -t 0 ] || document=$(cat)
	[ -n "$document" ] || document=$(printf '{"key":%s,"value":%s,"status":"%s"}' "$(json "$key")" "$(json "$value")" "$status")
}

call() { # METHOD URL [CURL'S ARGUMENTS]: sets $code and $answer, or says that nobody answers
	method=$1 url=$2
	shift 2
	if dry; then
		printf 'would %s %s %s\n' "$method" "$url" "$*"
		code=200 answer=''
		return
	fi
	web -X "$method" "$@" ${url:+--url "$url"}
	[ "${code:-000}" != 000 ] || problem 1 "no answer${url:+ from $url}: $answer"
}
accepted() { # after call: 2xx is done, what may pass is tried again, the rest given up
	case $code in
	2??) printf 'HTTP %s\n' "$code" ;;
	408 | 425 | 429 | 5??) problem 1 "HTTP $code: $answer" ;;
	*) problem 2 "HTTP $code: $answer" ;;
	esac
}
