#!/bin/sh
# Acts when the cluster has decided that an endpoint changed: writes a line to a
# log, and shows where to put your own. Copy it and make it yours.
#
# Exit codes: 0 done, 1 try again later, 2 and above give up.
set -u

if [ "$#" -eq 1 ] && [ "$1" = --help ]; then
	cat <<'HELP'
Usage: notify.sh ROLE KEY VALUE STATUS      (leader|follower … UP|DOWN)
Appends a line to SCRIPT_NOTIFY_LOG and acts, unless a newer event came first.
Without SCRIPT_NOTIFY_LOG the log lies in a folder of our own under TMPDIR, which
a reboot may empty. For good, name a file such as /var/lib/tocsin/notify.log.
HELP
	exit 0
fi

problem() { # EXITCODE WORDS
	printf 'notify.sh: %s\n' "$2" >&2
	exit "$1"
}

[ "$#" -eq 4 ] || problem 2 "usage: notify.sh ROLE KEY VALUE STATUS"
role=$1 key=$2 value=$3 status=$4
event=${TOCSIN_EVENT_ID:-} node=${TOCSIN_NODE:-}
case $event in *[!0-9]*) problem 2 "TOCSIN_EVENT_ID is $event and not a number" ;; esac

if [ -n "${SCRIPT_NOTIFY_LOG:-}" ]; then
	log=$SCRIPT_NOTIFY_LOG
	folder=$(dirname -- "$log")
else
	# Anybody may write to /tmp: use a folder that is ours and that we made.
	folder=${TMPDIR:-/tmp}/tocsin-$(id -u)
	mkdir -m 700 "$folder" 2>/dev/null
	[ -n "$(find "$folder" -prune -type d -user "$(id -u)" 2>/dev/null)" ] ||
		problem 1 "$folder is not a folder of ours: set SCRIPT_NOTIFY_LOG"
	log=$folder/notify${node:+-$node}.log
fi

act() { # whatever is to be done: put your own here
	# What every node does: rewrite this machine's own configuration. Here, a line.
	line="$(date -u +%Y-%m-%dT%H:%M:%SZ) event=${event:-none} node=${node:-none} role=$role"
	line="$line status=$status attempt=${TOCSIN_ATTEMPT:-1} key=$key value=$value"
	printf '%s\n' "$line" >>"$log" || problem 1 "$log can't be written"
	printf 'wrote to %s: %s is %s\n' "$log" "$key" "$status"

	# What has to happen once in the whole cluster, and what only beside it.
	case $role in
	leader) printf 'as the leader: here a registry would be told that %s is %s\n' "$key" "$status" ;;
	follower) printf 'as a follower: the leader tells the rest of the world\n' ;;
	*) problem 2 "role $role is neither leader nor follower" ;;
	esac
}

# The fence. Event ids grow, and are the same on every node. We remember the
# highest we acted upon for this key and refuse what is older, whoever brings
# it: a node that slept, a run that was thought dead. The same id may come twice
# (a second attempt, a new leader), so what follows must bear being done twice.
if [ -n "$event" ]; then
	# A key may hold anything: its bytes in hex, in pieces that fit a file name.
	fence=$log.fence/$(printf %s "$key" | od -An -v -tx1 | tr -d ' \n' | sed 's/.\{200\}/&\//g')
	mkdir -p "$fence" || problem 1 "$fence can't be made: is $folder writable?"
	exec 9>"$fence/lock" || problem 1 "$fence/lock can't be opened"
	# Held until we exit, however we do, by us and by all who inherit it: hence
	# the 9>&- where we act, below. One of those who hangs, and got away from us
	# when we were ended, would block every later run.
	if command -v flock >/dev/null; then
		flock 9 || problem 1 "no lock on $fence/lock"
	fi
	last=0
	[ ! -e "$fence/last" ] || read -r last <"$fence/last"
	case $last in '' | *[!0-9]*) problem 2 "$fence/last is damaged: remove it" ;; esac
	if [ "$event" -lt "$last" ]; then
		printf 'refused: event %s of %s is older than %s (a cluster founded anew? remove %s)\n' \
			"$event" "$key" "$last" "$log.fence"
		exit 0
	fi
	# Before we act: once we have begun, nothing older may act after us. By
	# renaming: a crash leaves the old number or the new one, never half of it.
	{ printf '%s\n' "$event" >"$fence/next" && mv -f "$fence/next" "$fence/last"; } ||
		problem 1 "$fence/last can't be written"
	act 9>&-
else
	act # by hand
fi
