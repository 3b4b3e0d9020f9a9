#!/bin/sh
# Usage: notify-nginx.sh ROLE KEY VALUE STATUS
#
# Writes the servers of an upstream into a file that this machine's nginx
# includes, sees that nginx takes it (nginx -t), and lets it reload. If nginx
# refuses it, the old file is put back, and nothing reloaded. Settings, in the
# section [KEY] of SCRIPT_SETTINGS:
#
#   nginx.include = /etc/nginx/tocsin/orders.servers   the file
#   nginx.up = ADDRESS...      servers when KEY is UP (the target of VALUE)
#   nginx.down = ADDRESS...    and when it is DOWN
#   nginx.command = nginx      how nginx is called here, such as: sudo nginx
#
# An address may be followed by parameters, ADDRESS;weight=2;backup
# In nginx.conf:  upstream orders { include /etc/nginx/tocsin/orders.servers; }

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'include up down command'
required include down
: "${up:=$target}" "${command:=nginx}"
need "${command%% *}" nginx

case $status in UP) servers=$up ;; DOWN) servers=$down ;; esac

lines() {
	printf '# %s is %s: written by %s\n' "$key" "$status" "$me"
	for each in $servers; do
		printf 'server %s;\n' "$(printf %s "$each" | tr ';' ' ')"
	done
}
act() {
	put "$include" "$(lines)" --check "$command -t"
	# Apart, so that the file stays where nginx is not running: it is right, and what
	# starts next reads it. And always: a run that was cut short may not have come here.
	# shellcheck disable=SC2086 # into its words
	run $command -s reload || problem 1 "nginx can't be reloaded"
	printf 'nginx sends requests to: %s\n' "$servers"
}
fenced act
