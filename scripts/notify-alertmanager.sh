#!/bin/sh
# Usage: notify-alertmanager.sh ROLE KEY VALUE STATUS
#
# Fires an alert in Alertmanager when KEY is DOWN, and resolves it when it is UP.
# The leader does it. Settings, in the section [KEY] or [*] of SCRIPT_SETTINGS:
#
#   alertmanager.urls = http://10.0.0.5:9093 ...  all of its replicas: they do
#                                                 not tell each other of alerts
#   alertmanager.labels = severity=page team=db   labels to add
#   alertmanager.secret = alertmanager            file in SCRIPT_SECRETS_DIR for
#                                                 curl: user = "name:password"
#
# The alert is called TocsinEndpointDown, with the label endpoint. It does not end
# by itself, as those of Prometheus do when they are not repeated.
# Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'urls labels secret'
required urls
leader_only
secrets alertmanager

alert() {
	time=${TOCSIN_EVENT_TIME:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}
	printf '[{"labels": {"alertname": "TocsinEndpointDown", "endpoint": %s' "$(json "$key")"
	for each in $labels; do
		printf ', %s: %s' "$(json "${each%%=*}")" "$(json "${each#*=}")"
	done
	printf '}, "annotations": {"summary": %s, "value": %s, "event": "%s"}, ' \
		"$(json "$key is DOWN")" "$(json "$value")" "${event:-by hand}"
	case $status in
	DOWN) printf '"startsAt": "%s", "endsAt": "%s-12-31T23:59:59Z"}]' "$time" "$((${time%%-*} + 1))" ;;
	UP) printf '"endsAt": "%s"}]' "$time" ;;
	esac
}
act() {
	worst=0
	for each in $urls; do
		(
			call POST "${each%/}/api/v2/alerts" -H 'Content-Type: application/json' --data-binary "@-" <<-ALERT
				$(alert)
			ALERT
			accepted
		)
		code=$?
		[ "$code" -eq 0 ] || [ "$worst" -eq 1 ] || worst=$code # those that may be tried again come first
	done
	return "$worst"
}
fenced act
