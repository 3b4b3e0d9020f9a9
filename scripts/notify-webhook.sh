#!/bin/sh
# Usage: notify-webhook.sh ROLE KEY VALUE STATUS
#
# POSTs the event to a URL, as the JSON that the node gives a script. The leader
# does it. Settings, in the section [KEY] or [*] of SCRIPT_SETTINGS:
#
#   webhook.url = https://...      or, if it is a secret itself, in the file below
#   webhook.secret = webhook       file in SCRIPT_SECRETS_DIR with lines for curl:
#                                  header = "Authorization: ...", url = "..."
#   webhook.on = all               every node does it, and not the leader
#
# The event may come twice: the header X-Tocsin-Event has its id, which is the
# same for both. No answer, 408, 425, 429 and 5xx are tried again, any other 4xx
# is given up. Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'url secret on'
leader_only
secrets webhook
[ -n "$secret_file" ] || required url
document

act() {
	call POST "$url" -H 'Content-Type: application/json' -H "X-Tocsin-Event: ${event:-by hand}" --data-binary "@-" <<-DOCUMENT
		$document
	DOCUMENT
	accepted
}
fenced act
