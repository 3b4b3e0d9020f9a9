#!/bin/sh
# Usage: notify-postgres.sh ROLE KEY VALUE STATUS
#
# Promotes a standby of the PostgreSQL that VALUE names, once in the whole cluster
# (the leader does it). Settings, in the section [KEY] of SCRIPT_SETTINGS:
#
#   postgres.standby = URI       postgresql://USER@HOST:PORT/DATABASE, as VALUE
#   postgres.stale = 300         unless the last it has of its primary is older;
#                                verify-postgres.sh writes something at each check
#   postgres.secret = postgres   file in SCRIPT_SECRETS_DIR, a .pgpass
#
# DOWN: the standby is promoted, if it is a standby and not stale, and if the old
# primary does not take writes from here: two primaries are worse than none.
# UP: nothing is changed. Both being primaries is a failure, to be seen by all.
#
# USER has to be allowed to promote: GRANT EXECUTE ON FUNCTION pg_promote TO USER.
# Needs psql (Debian: postgresql-client) and timeout.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'standby stale secret'
required standby
numbers stale
leader_only
need psql postgresql-client
need timeout coreutils
secrets postgres
export PGCONNECT_TIMEOUT=5 PGAPPNAME=tocsin ${secret_file:+PGPASSFILE="$secret_file"}
case $target in postgres://?* | postgresql://?*) ;; *) problem 2 "'$target' is no postgresql://USER@HOST:PORT/DATABASE" ;; esac

sql() { # URI QUERY: sets $answer
	answer=$(timeout --foreground 45 psql -X -A -t -q -w -F ' ' -v ON_ERROR_STOP=1 -d "$1" -c "$2" 2>&1 </dev/null)
}
is_primary() { # URI
	sql "$1" 'SELECT pg_is_in_recovery()' && [ "$answer" = f ]
}

act() {
	if [ "$status" = UP ]; then
		! is_primary "$target" || ! is_primary "$standby" || problem 2 "$target and $standby both are primaries: stop one of them"
		printf '%s answers again, and nothing is to be done\n' "$target"
		return
	fi
	sql "$standby" 'SELECT pg_is_in_recovery(),
		ceil(coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0))' || problem 1 "$standby: $answer"
	case $answer in
	f*) printf '%s is a primary already\n' "$standby" && return ;;
	t*) ;;
	*) problem 1 "$standby: $answer" ;;
	esac
	[ "${answer#t }" -le "${stale:-300}" ] || problem 2 "the last that $standby has is ${answer#t } s old, and it is not promoted"
	! is_primary "$target" || problem 1 "$target takes writes from here, and two primaries would be worse"
	run sql "$standby" 'SELECT pg_promote(true, 40)' || problem 1 "$standby: $answer"
	dry || is_primary "$standby" || problem 1 "$standby was told to be the primary, and is none yet: $answer"
	dry || printf '%s is the primary now\n' "$standby"
}
fenced act
