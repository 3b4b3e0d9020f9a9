#!/bin/sh
# Usage: notify-chain.sh ROLE KEY VALUE STATUS
#
# Runs several notification scripts of this folder, one after the other, with the
# same arguments, environment and input. The first that fails ends it, with its
# exit code; when it is tried again, all are run again. Settings, in the section
# [KEY] of SCRIPT_SETTINGS:
#
#   chain.run = notify-redis.sh notify-haproxy.sh
#
# Each has settings of its own, in the same section, and its own fence. All
# together have the one deadline (--notify-timeout).

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'run'
chain=$run
[ -n "$chain" ] || problem 2 "chain.run is not set for $key: add it to $conf"
for each in $chain; do
	case $each in
	"$me" | */* | .*) problem 2 "chain.run names $each: name other scripts of this folder" ;;
	esac
	[ -x "$folder/$each" ] || problem 1 "$folder/$each does not exist, or is not executable"
done
document
for each in $chain; do
	printf '%s\n' "$document" | "$folder/$each" "$role" "$key" "$value" "$status"
	code=$?
	[ "$code" -eq 0 ] || problem "$code" "$each exited with $code; what comes behind it was not run"
done
