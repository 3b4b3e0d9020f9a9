#!/bin/sh
# Usage: notify.sh ROLE KEY VALUE STATUS      (leader|follower … UP|DOWN)
#
# Acts when the cluster has decided that an endpoint changed: writes a line to
# SCRIPT_NOTIFY_LOG, unless a newer event came first, and shows where to put your
# own. Copy it and make it yours.
#
# Without SCRIPT_NOTIFY_LOG the log lies in the folder SCRIPT_STATE_DIR; without
# that too in a folder of our own under TMPDIR, which a reboot may empty.

. "${0%/*}/lib-notify.sh"
notification "$@"
log=${SCRIPT_NOTIFY_LOG:-}
if [ -z "$log" ]; then
	state_folder
	log=$state_dir/notify${node:+-$node}.log
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
	esac
}

fenced act
