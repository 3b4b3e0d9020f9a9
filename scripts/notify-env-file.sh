#!/bin/sh
# Usage: notify-env-file.sh ROLE KEY VALUE STATUS
#
# Sets a variable in a file of lines NAME=WORDS, such as the EnvironmentFile of a
# systemd unit, and has the unit reloaded, or restarted if it can't reload. Where
# that fails the old file comes back, with the unit, until the next attempt. Other
# lines stay as they are. Settings, in the section [KEY] of SCRIPT_SETTINGS:
#
#   env-file.file = /etc/app/db.env
#   env-file.name = DB_ADDRESS     the variable
#   env-file.up = WORDS            what it is when KEY is UP (the target of VALUE)
#   env-file.down = WORDS          and when it is DOWN
#   env-file.units = app.service   whom to reload, if the file changed or a run
#                                  was cut short
#   env-file.command = systemctl try-reload-or-restart    how; units come behind
#
# A reload does not give a process a new environment: without ExecReload a unit is
# restarted, one with it has to read the file itself.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'file name up down units command'
required file name down
: "${up:=$target}" "${command:=systemctl try-reload-or-restart}"
case $name in *[!A-Za-z0-9_]*) problem 2 "env-file.name is '$name', which is no name of a variable" ;; esac
[ -z "$units" ] || need "${command%% *}" "it, or set env-file.command"

act() {
	case $status in UP) words=$up ;; DOWN) words=$down ;; esac
	[ -z "$units" ] || set -- --reload "$command $units"
	put "$file" "$(NAME=$name WORDS=$words awk '
		index($0, ENVIRON["NAME"] "=") != 1 { print; next }
		!done++ { print ENVIRON["NAME"] "=" ENVIRON["WORDS"] }
		END { if (!done) print ENVIRON["NAME"] "=" ENVIRON["WORDS"] }' "$([ -e "$file" ] && printf %s "$file" || printf /dev/null)")" "$@"
	printf '%s=%s\n' "$name" "$words"
}
fenced locked "$file.lock" act
