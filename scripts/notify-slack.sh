#!/bin/sh
# Usage: notify-slack.sh ROLE KEY VALUE STATUS
#
# Says in a channel what has happened, through an incoming webhook of Slack, or of
# what speaks the same (Mattermost, Rocket.Chat). The leader does it.
#
# The webhook's URL is a secret, and stands in a file of SCRIPT_SECRETS_DIR with
# lines for curl:  url = "https://hooks.slack.com/services/..."
# Settings, in the section [KEY] or [*] of SCRIPT_SETTINGS:
#
#   slack.secret = slack     which file
#   slack.more = WORDS       words to add, such as whom to call, or a link
#
# Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'secret more'
leader_only
secrets slack
[ -n "$secret_file" ] || problem 1 "${SCRIPT_SECRETS_DIR:-/etc/tocsin/secrets}/$secret does not exist: put the URL there, as  url = \"...\""

act() {
	case $status in UP) sign=:large_green_circle: ;; DOWN) sign=:red_circle: ;; esac
	text=$(printf '%s is %s (%s), say %s of the nodes: event %s' "$key" "$status" "$value" \
		"${TOCSIN_VOTES_UP:-?} up, ${TOCSIN_VOTES_DOWN:-?} down, ${TOCSIN_VOTES_UNKNOWN:-?} unknown" "${event:-by hand}" |
		sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')
	call POST '' -H 'Content-Type: application/json' --data-binary "@-" <<-MESSAGE
		{"text": $(json "$sign $text${more:+ $more}")}
	MESSAGE
	accepted
}
fenced act
