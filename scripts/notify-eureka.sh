#!/bin/sh
# Usage: notify-eureka.sh ROLE KEY VALUE STATUS
#
# Takes an instance out of service in Eureka when KEY is DOWN (an override,
# OUT_OF_SERVICE), and lifts the override when it is UP. The leader does it.
# Settings, in the section [KEY] of SCRIPT_SETTINGS:
#
#   eureka.url = http://127.0.0.1:8761/eureka   Netflix's has /eureka/v2
#   eureka.app = NAME          application of the instance
#   eureka.instance = ID       its id there
#   eureka.secret = eureka     file in SCRIPT_SECRETS_DIR for curl: user = "..."
#   eureka.on = all            every node does it, and not the leader
#
# What is not registered is out already; an UP of it is tried again. Clients see
# the change when they next ask and the server's cache has aged: up to a minute.
# Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'url app instance secret on'
required app instance
leader_only
secrets eureka

act() {
	case $status in
	UP) method=DELETE word=UP ;;
	DOWN) method=PUT word=OUT_OF_SERVICE ;;
	esac
	: "${url:=http://127.0.0.1:8761/eureka}"
	call "$method" "${url%/}/apps/$(url_part "$app")/$(url_part "$instance")/status?value=$word" -H 'Accept: application/json'
	case $code,$status in
	404,DOWN) printf '%s is not registered, so nobody is sent there\n' "$instance" ;;
	404,UP) problem 1 "$instance is not registered (yet?)" ;;
	*) accepted ;;
	esac
}
fenced act
