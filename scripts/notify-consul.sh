#!/bin/sh
# Usage: notify-consul.sh ROLE KEY VALUE STATUS
#
# Takes a service out of service in Consul when KEY is DOWN (maintenance mode:
# nobody who asks for healthy ones is sent there), and puts it back when it is UP.
# The leader does it. Settings, in the section [KEY] of SCRIPT_SETTINGS:
#
#   consul.agent = http://127.0.0.1:8500   the agent that the service belongs to
#   consul.service = ID                    its id there
#   consul.secret = consul                 file in SCRIPT_SECRETS_DIR for curl:
#                                          header = "X-Consul-Token: ..."
#   consul.on = all                        every node does it, and not the leader
#
# A service that is not registered is out already; an UP of it is tried again.
# Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'agent service secret on'
required service
leader_only
secrets consul
: "${agent:=http://127.0.0.1:8500}"

act() {
	case $status in UP) enable=false ;; DOWN) enable=true ;; esac
	call PUT "${agent%/}/v1/agent/service/maintenance/$(url_part "$service")?enable=$enable&reason=tocsin+event+${event:-by+hand}"
	case $code,$status in
	404,DOWN) printf '%s is not registered, so nobody is sent there\n' "$service" ;;
	404,UP) problem 1 "$service is not registered (yet?): $answer" ;;
	*) accepted ;;
	esac
}
fenced act
