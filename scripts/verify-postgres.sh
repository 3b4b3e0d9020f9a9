#!/bin/sh
# Usage: verify-postgres.sh KEY 'URI [OPTION=WORD]...'
#
# URI is postgresql://USER@HOST:PORT/DATABASE, without a password.
# UP if PostgreSQL answers and is what it should be; DOWN if it refuses, does not
# answer in time, is starting or full, or is something else.
#
#   role=primary   it has to take a write: a small message is written to its log
#   role=standby   it has to be a standby; role=any: it only has to answer
#   lag=SECONDS    a standby also has to follow its primary, and not be behind it
#                  by more
#   standbys=N     a primary also needs N standbys that stream from it
#                  (USER needs the role pg_read_all_stats)
#   secret=NAME    file in SCRIPT_SECRETS_DIR in the form of .pgpass, which only
#                  its owner may read (postgres)
#
# Needs psql (Debian: postgresql-client) and timeout.

. "${0%/*}/lib-verify.sh"
verification 'role lag standbys secret' "$@"
need psql postgresql-client
numbers lag standbys
secrets postgres
case $target in
*://*:*@* | *password=*) unknown 'a password in VALUE can be seen by everybody: put it into a file in SCRIPT_SECRETS_DIR' ;;
postgres://?* | postgresql://?*) ;;
*) unknown "'$target' is no postgresql://USER@HOST:PORT/DATABASE" ;;
esac
case ${role:=primary} in primary | standby | any) ;; *) unknown "role=$role is neither primary nor standby nor any" ;; esac
export PGCONNECT_TIMEOUT="$whole" PGAPPNAME=tocsin ${secret_file:+PGPASSFILE="$secret_file"}

sql() { # QUERY: sets $answer, or says why there is none
	ask psql -X -A -t -q -w -F ' ' -v ON_ERROR_STOP=1 -d "$target" -c "$1" && return
	case $answer in
	*'the database system is'* | *'too many'* | *'connection slots'* | *'read-only'* | *'No space'* | *'ould not extend'*) down "$answer" ;;
	esac
	blame "$answer"
	unknown "$answer"
}

sql "SELECT pg_is_in_recovery(), (SELECT count(*) FROM pg_stat_wal_receiver),
	CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
	ELSE coalesce(ceil(extract(epoch FROM now() - pg_last_xact_replay_timestamp())), 0) END,
	(SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'),
	current_setting('transaction_read_only')"
# shellcheck disable=SC2086 # into its words
set -- $answer
case $role,${1:-} in
standby,f) down 'it is a primary and not a standby' ;;
primary,t) down 'it is a standby and not a primary' ;;
any,t | standby,t)
	[ -z "$lag" ] || [ "$2" -gt 0 ] || down 'a standby that does not follow its primary'
	[ -z "$lag" ] || [ "$3" -le "$lag" ] || down "a standby that is $3 s behind"
	up "a standby that is $3 s behind what it has received"
	;;
*,f) [ "$4" -ge "${standbys:-0}" ] || down "a primary with $4 standbys that stream, and not $standbys" ;;
*) unknown "$answer" ;;
esac
[ "$role" != any ] || up 'a primary'
[ "$5" = off ] || down 'a primary that is read-only'
sql "SELECT pg_logical_emit_message(true, 'tocsin', '')"
up 'a primary that takes a write'
