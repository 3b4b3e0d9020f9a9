#!/bin/sh
# Usage: notify-redis.sh ROLE KEY VALUE STATUS
#
# Fails over from the Redis master that VALUE names to its replica, once in the
# whole cluster (the leader does it). Settings, in the section [KEY] of
# SCRIPT_SETTINGS:
#
#   redis.standby = HOST:PORT   the replica that is made master when KEY is DOWN
#   redis.stale = 300           unless it lost its master so many seconds ago
#   redis.user = NAME           whose password the file "redis" in
#   redis.secret = redis        SCRIPT_SECRETS_DIR is
#   redis.tls = FILE            speak TLS, and trust this file of certificates
#
# DOWN: the standby is made master, if it is a replica and not stale. The old
# master, should it still answer from here, is made its replica.
# UP: nothing is changed. Fail back by hand, on the standby, without losing a
# write:  redis-cli FAILOVER TO HOST PORT
#
# Needs redis-cli (Debian: redis-tools) and timeout.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'standby stale user secret tls'
required standby
numbers stale
: "${stale:=300}"
leader_only
need redis-cli redis-tools
need timeout coreutils
secrets redis
[ -z "$secret_file" ] || { read -r REDISCLI_AUTH <"$secret_file" || [ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH; }

redis() { # HOST:PORT COMMAND...: sets $answer, $host and $port
	target=$1
	host_port 6379
	shift
	answer=$(timeout --foreground 5 redis-cli -h "$host" -p "$port" ${user:+--user "$user"} ${tls:+--tls --cacert "$tls"} "$@" 2>&1 </dev/null)
	answer=$(printf '%s\n' "$answer" | tr -d '\r')
}
field() { printf '%s\n' "$answer" | sed -n "s/^$1://p"; }
ordered() { # HOST:PORT COMMAND...
	if dry; then printf 'would tell %s\n' "$*" && return; fi
	redis "$@"
	case $answer in OK*) printf 'told %s\n' "$*" ;; *) problem 1 "$1: $answer" ;; esac
}

act() {
	primary=${value%% *}
	if [ "$status" = UP ]; then
		redis "$standby" INFO replication
		[ "$(field role)" != master ] || problem 2 "$primary and $standby both are masters: make the one with the older data a replica of the other"
		printf '%s is the master, and nothing is to be done\n' "$primary"
		return
	fi
	redis "$standby" INFO replication
	case $(field role) in
	master) printf '%s is a master already\n' "$standby" ;;
	slave)
		lost=$(field master_link_down_since_seconds)
		[ "${lost:-0}" -le "$stale" ] || problem 2 "$standby lost its master $lost s ago, and is not made master: its data are old"
		[ "$(field master_sync_in_progress)" = 0 ] || problem 1 "$standby is in the middle of a copy, and its data are half"
		ordered "$standby" REPLICAOF NO ONE
		;;
	*) problem 1 "$standby: $answer" ;;
	esac
	redis "$primary" INFO replication
	[ "$(field role)" != master ] || { redis "$standby" PING && ordered "$primary" REPLICAOF "$host" "$port"; }
}
fenced act
