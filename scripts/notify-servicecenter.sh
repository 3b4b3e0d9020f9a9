#!/bin/sh
# Usage: notify-servicecenter.sh ROLE KEY VALUE STATUS
#
# Takes an instance out of service in ServiceComb's service center when KEY is
# DOWN (OUTOFSERVICE), and puts it back when it is UP. The leader does it.
# Settings, in the section [KEY] of SCRIPT_SETTINGS:
#
#   servicecenter.url = http://127.0.0.1:30100
#   servicecenter.instance = ID     instance of the service
#   servicecenter.service = ID      the service; or, to have it looked up:
#   servicecenter.app = NAME        these three
#   servicecenter.name = NAME
#   servicecenter.version = 1.0.0
#   servicecenter.project = default
#   servicecenter.domain = default
#   servicecenter.secret = servicecenter   file in SCRIPT_SECRETS_DIR for curl:
#                                          header = "Authorization: Bearer ..."
#   servicecenter.on = all          every node does it, and not the leader
#
# What is not registered is out already; an UP of it is tried again.
# Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'url instance service app name version project domain secret on'
required instance
leader_only
secrets servicecenter
registry=${url:-http://127.0.0.1:30100}
registry=${registry%/}/v4/$(url_part "${project:-default}")/registry

ask() { # METHOD URL: what is not there is told by a code in the answer, not by the status
	call "$1" "$2" -H "X-Domain-Name: ${domain:-default}"
	error=$(printf %s "$answer" | sed -n 's/.*"errorCode" *: *"\{0,1\}\([0-9]*\).*/\1/p')
	case $error,$status in
	400012,DOWN | 400017,DOWN) printf '%s is not registered, so nobody is sent there\n' "$instance" && exit 0 ;;
	400012,UP | 400017,UP) problem 1 "$instance is not registered (yet?): $answer" ;;
	esac
	accepted
}
act() {
	if [ -z "$service" ]; then
		required app name version
		ask GET "$registry/existence?type=microservice&appId=$(url_part "$app")&serviceName=$(url_part "$name")&version=$(url_part "$version")"
		service=$(printf %s "$answer" | sed -n 's/.*"serviceId" *: *"\([^"]*\)".*/\1/p')
		[ -n "$service" ] || dry || problem 1 "the service center names no service: $answer"
	fi
	case $status in UP) word=UP ;; DOWN) word=OUTOFSERVICE ;; esac
	ask PUT "$registry/microservices/$(url_part "$service")/instances/$(url_part "$instance")/status?value=$word"
}
fenced act
