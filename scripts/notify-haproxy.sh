#!/bin/sh
# Usage: notify-haproxy.sh ROLE KEY VALUE STATUS
#
# Takes a server of this machine's HAProxy out when KEY is DOWN, closes its
# sessions, and puts it back when KEY is UP; or changes a line of a map. It does
# so at once, through the socket, and in the file that HAProxy reads when it
# starts, so that a reload keeps it. Settings, in the section [KEY] of
# SCRIPT_SETTINGS:
#
#   haproxy.socket = /run/haproxy/admin.sock    stats socket with "level admin"
#
#   haproxy.server = BACKEND/SERVER             one or more, blanks between
#   haproxy.state = /var/lib/haproxy/state      server-state-file
#
#   haproxy.map = /etc/haproxy/primary.map      a file of lines NAME WORD
#   haproxy.entry = NAME                        which of them (KEY)
#   haproxy.up = WORD                           what it says when KEY is UP
#   haproxy.down = WORD                         and when it is DOWN
#   haproxy.check = haproxy -c -f /etc/haproxy/haproxy.cfg    the old map is
#                                               put back if it refuses the new
# Needs socat.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'socket server state map entry up down check'
required socket
[ -n "$server$map" ] || required server
[ -z "$map" ] || required up down
need socat socat

haproxy() { # COMMAND: sets $answer
	answer=$(printf '%s\n' "$1" | socat -t 10 -T 10 - "UNIX-CONNECT:$socket" 2>&1) || problem 1 "$socket: $answer"
}
tell() { # COMMAND that answers nothing if all is well
	dry && printf 'would tell HAProxy: %s\n' "$1" && return
	haproxy "$1"
	[ -z "$(printf %s "$answer" | tr -d '[:space:]')" ] || problem 1 "HAProxy says to '$1': $answer"
	printf 'told HAProxy: %s\n' "$1"
}

servers() {
	for each in $server; do
		case $status in
		UP) tell "set server $each state ready" ;;
		DOWN) tell "set server $each state maint" && tell "shutdown sessions server $each" ;;
		esac
	done
	[ -z "$state" ] || locked "$state.lock" remember
}
remember() {
	dry && return
	haproxy 'show servers state'
	case $answer in 1*'# be_id'*) put "$state" "$answer" ;; *) problem 1 "HAProxy does not tell its state: $answer" ;; esac
}

entries() { # the file first: whoever starts now reads it
	case $status in UP) word=$up ;; DOWN) word=$down ;; esac
	[ -z "$check" ] || set -- --check "$check"
	put "$map" "$(ENTRY=$entry WORD=$word awk '
		$1 != ENVIRON["ENTRY"] { print; next }
		!done++ { print ENVIRON["ENTRY"], ENVIRON["WORD"] }
		END { if (!done) print ENVIRON["ENTRY"], ENVIRON["WORD"] }' "$map" /dev/null)" "$@"
	haproxy "get map $map $entry"
	case $answer in
	*found=yes*) tell "set map $map $entry $word" ;;
	*found=no*) tell "add map $map $entry $word" ;;
	*) problem 1 "HAProxy says: $answer" ;;
	esac
}
act() {
	[ -z "$map" ] || : "${entry:=$key}"
	case $map$entry$up$down in *[\;\\[:space:]]*) problem 2 'a setting has a blank, ; or \, which ends a word of HAProxy' ;; esac
	[ -z "$map" ] || locked "$map.lock" entries
	[ -z "$server" ] || servers
}
fenced act
