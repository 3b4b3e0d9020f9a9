#!/bin/sh
# Usage: verify-redis.sh KEY 'HOST:PORT [OPTION=WORD]...'
#
# UP if the Redis at HOST:PORT (6379) answers and is what it should be; DOWN if
# it refuses, does not answer in time, is loading, or is something else.
#
#   role=master       or replica, or any: what it has to be
#   rival=HOST:PORT   another Redis: if both are masters, this one is DOWN. It is
#                     the one that came back; make it a replica of the other
#   replicas=N        a master needs N replicas that are heard of ...
#   lag=SECONDS       ... and that at most so long ago (10). A replica has to have
#                     a link to its master, and to have heard of it as lately
#   user=NAME         whose password it is
#   secret=NAME       file in SCRIPT_SECRETS_DIR that holds the password (redis)
#   tls=FILE          speak TLS, and trust this file of certificates
#
# Needs redis-cli (Debian: redis-tools) and timeout.

. "${0%/*}/lib-verify.sh"
verification 'role rival replicas lag user secret tls' "$@"
need redis-cli redis-tools
numbers replicas lag
secrets redis
case ${role:=master} in master | replica | any) ;; *) unknown "role=$role is neither master nor replica nor any" ;; esac
: "${lag:=10}"
[ -z "$secret_file" ] || { read -r REDISCLI_AUTH <"$secret_file" || [ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH; }

field() { # NAME: what the answer says of it
	printf '%s\n' "$answer" | tr -d '\r' | sed -n "s/^$1://p"
}
replication() { # asks for it
	host_port 6379
	ask redis-cli -h "$host" -p "$port" ${user:+--user "$user"} ${tls:+--tls --cacert "$tls"} INFO replication
}

replication
is=$(field role)
case $is in
master) ;;
slave) is=replica ;;
*)
	case $answer in LOADING* | BUSY* | MASTERDOWN*) down "$answer" ;; esac
	blame "$answer"
	unknown "$answer"
	;;
esac
[ "$role" = any ] || [ "$role" = "$is" ] || down "it is a $is and not a $role"
if [ "$is" = replica ]; then
	heard=$(field master_last_io_seconds_ago)
	[ "$(field master_link_status)" = up ] || down "a replica without a link to its master, for $(field master_link_down_since_seconds) s"
	[ "$heard" -le "$lag" ] || down "a replica that has not heard of its master for $heard s"
	up "a replica that heard of its master $heard s ago"
fi
good=$(printf '%s\n' "$answer" | tr -d '\r' | awk -F '[,=]' -v lag="$lag" '
	/^slave[0-9]+:.*state=online/ && $NF <= lag { n++ } END { print n + 0 }')
[ "$good" -ge "${replicas:=0}" ] || down "a master with $good good replicas, and not $replicas"
if [ -n "$rival" ]; then
	mine=$target target=$rival
	down() { up "a master, and no answer from $rival: $1"; } # a silent rival is none
	replication
	case $(field role) in
	master) say DOWN "two masters: $rival is one as well; make $mine its replica" ;;
	slave) ;;
	*) down "$answer" ;;
	esac
fi
up "a master with $good good replicas"
