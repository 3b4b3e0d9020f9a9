#!/bin/sh
# Usage: verify.sh KEY VALUE
#
# Says whether the endpoint VALUE is UP or DOWN, and why, in one line. What it
# can't judge is UNKNOWN, which counts for nobody. Copy it and make it yours.
#
#   http://… or https://…   UP if it answers a GET with 2xx or 3xx
#   host:port, [::1]:port   UP if it accepts a TCP connection
#   anything else           UP if KEY and VALUE have the same length: an example
#
# TOCSIN_TIMEOUT_SECONDS (5) is all the time there is; we are done a bit sooner.

set -u
export LC_ALL=C # messages in English, which we read, and lengths in bytes

say() { # WORD REASON: the answer, and the end
	printf '%s %s\n' "$1" "$2"
	exit 0
}
status() { # CODE of the server's answer
	case $1 in [23]??) say UP "HTTP $1" ;; esac
	say DOWN "HTTP $1"
}
blame() { # MESSAGE of a tool: DOWN if it blames the other side, else we go on
	why=$(printf %s "$1" | tail -n 1)
	! printf %s "$1" | grep -Eq 'refused|timed out|TIMEOUT|nreachable|No route|on reset|cannot verify' || say DOWN "$why"
}

web() { # URL
	if command -v curl >/dev/null; then
		code=$(curl -q -s --globoff --max-time "$limit" -o /dev/null -w '%{http_code}' --url "$1")
		failure=$?
		[ "${code:-000}" = 000 ] || status "$code" # whether or not the body ever ends
		case $failure in
		7) say DOWN "connection refused, or no way there" ;;
		28) say DOWN "no answer within $limit s" ;;
		35 | 51 | 52 | 55 | 56 | 60) say DOWN "no good answer: curl error $failure" ;;
		*) say UNKNOWN "curl error $failure: is the name right, and known to this machine?" ;;
		esac
	fi
	said=$(wget -S -t 1 -T "$limit" -O /dev/null "$1" 2>&1)
	first=${said#*HTTP/1.? } # the answer before any redirect
	[ "$first" = "$said" ] || status "${first%%[!0-9]*}"
	blame "$said"
	say UNKNOWN "is the name right? Then install curl, or use check http, which needs no tool: $why"
}

tcp() { # HOST PORT
	# shellcheck disable=SC2016 # these are for bash to fill in
	said=$(timeout --foreground "$limit" bash -c ': <>"/dev/tcp/$1/$2"' - "$1" "$2" 2>&1) && say UP connected
	[ "$?" -ne 124 ] || say DOWN "no connection within $limit s"
	blame "$said"
	bash_said=$why
	said=$(nc -v -z -w "$limit" "$1" "$2" 2>&1 </dev/null) && say UP connected
	blame "$said"
	say UNKNOWN "is the name right? Then install nc, or use check tcp, which needs no tool: $bash_said; $why"
}

[ "$*" != --help ] || exec sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
[ "$#" -eq 2 ] || say UNKNOWN "usage: verify.sh KEY VALUE"
key=$1 value=$2 host=${2%:*} port=${2##*:} seconds=${TOCSIN_TIMEOUT_SECONDS:-5}
case ${seconds%%.*} in
'' | 0) limit=0.4 ;;
1) limit=0.8 ;;
*[!0-9]*) say UNKNOWN "TOCSIN_TIMEOUT_SECONDS is $seconds and not a number" ;;
*) limit=$((${seconds%%.*} - 1)) ;;
esac
case $value in
http://?* | https://?*) web "$value" ;;
*://*) say UNKNOWN "only http:// and https:// are understood here, not $value" ;;
esac
case $port in
"$value" | '' | *[!0-9]*) ;; # no port, so this is an example
??????* | [7-9]???? | 6[6-9]??? | 65[6-9]?? | 655[4-9]? | 6553[6-9]) say UNKNOWN "$port is no port: use 1 to 65535" ;;
*) host=${host#[} && tcp "${host%]}" "$port" ;;
esac
# For first steps, when nothing runs yet: ping and pong are UP, ping and gone! DOWN.
[ "${#key}" -ne "${#value}" ] || say UP "as an example: key and value both have ${#key} bytes"
say DOWN "as an example: key and value have ${#key} and ${#value} bytes; give a URL or host:port"
