#!/bin/sh
# Usage: verify-mysql.sh KEY 'HOST:PORT [OPTION=WORD]...'
#
# UP if the MariaDB or MySQL at HOST:PORT (3306) answers and is what it should be;
# DOWN if it refuses, does not answer in time, is full, or is something else.
#
#   role=primary   it may be written to (read_only is off); role=any: it answers
#   role=replica   it may not, and both threads of its replication run
#   lag=SECONDS    how far a replica may be behind (60)
#   user=NAME      who asks; a replica is only shown to who has REPLICA MONITOR
#                  (MySQL: REPLICATION CLIENT)
#   secret=NAME    file in SCRIPT_SECRETS_DIR, an option file with lines for
#                  [client]: user = ..., password = ..., ssl-ca = ... (mysql)
#
# Needs mariadb or mysql (Debian: mariadb-client) and timeout.

. "${0%/*}/lib-verify.sh"
verification 'role lag user secret' "$@"
numbers lag
secrets mysql
host_port 3306
case ${role:=primary} in primary | replica | any) ;; *) unknown "role=$role is neither primary nor replica nor any" ;; esac
client=mariadb
command -v mariadb >/dev/null || client=mysql
need "$client" mariadb-client

sql() { # QUERY: sets $answer and returns whether there is one
	ask "$client" ${secret_file:+--defaults-extra-file="$secret_file"} --batch --vertical \
		--connect-timeout="$whole" --protocol=tcp --host="$host" --port="$port" ${user:+--user="$user"} -e "$1"
}
failed() {
	case $answer in
	*'ERROR 1040'* | *'ERROR 2002'*'(11'* | *'ERROR 2003'*'(11'* | *'ERROR 2013'* | *'ERROR 1053'* | *'ERROR 2002'*'(104'*) down "$answer" ;;
	esac
	blame "$answer"
	unknown "$answer"
}

sql 'SELECT @@global.read_only' || failed
case $role,${answer##*read_only: } in
any,*) up 'it answers' ;;
primary,0) up 'a primary, which may be written to' ;;
primary,*) down 'it is read-only' ;;
replica,0) down 'it is not read-only, so no replica' ;;
esac
sql 'SHOW REPLICA STATUS' || sql 'SHOW SLAVE STATUS' || failed
field() { printf '%s\n' "$answer" | sed -n -E "s/^ *$1: ?//p"; }
behind=$(field '(Seconds_Behind_Master|Seconds_Behind_Source)')
[ -n "$answer" ] || down 'it is read-only, and follows nobody'
for thread in IO SQL; do
	[ "$(field "(Slave|Replica)_${thread}_Running")" = Yes ] ||
		down "its $thread thread does not run: $(field "Last_${thread}_Error")"
done
case $behind in '' | *[!0-9]*) down "nobody knows how far it is behind" ;; esac
[ "$behind" -le "${lag:=60}" ] || down "a replica that is $behind s behind"
up "a replica that is $behind s behind"
