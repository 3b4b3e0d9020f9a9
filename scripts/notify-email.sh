#!/bin/sh
# Usage: notify-email.sh ROLE KEY VALUE STATUS
#
# Sends a mail. The leader does it. Settings, in the section [KEY] or [*] of
# SCRIPT_SETTINGS:
#
#   email.server = smtp://mail.example:587   smtps: speaks TLS from the start
#   email.from = tocsin@example
#   email.to = one@example two@example
#   email.secret = email      file in SCRIPT_SECRETS_DIR with lines for curl:
#                             user = "name:password", ssl-reqd
#
# A mail may come twice; both have the same Message-ID, by which many programs
# show it once. Needs curl.

# shellcheck disable=SC2154 # settings become variables
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'server from to secret'
required server from to
leader_only
secrets email

mail() {
	about=$key
	case $about in *[!\ -~]* | ?????????????????????????????????????????????????????????????*) about='an endpoint' ;; esac
	printf 'From: %s\r\nTo: %s\r\nSubject: %s is %s\r\n' "$from" "$(printf %s "$to" | sed 's/  */, /g')" "$about" "$status"
	printf 'Date: %s\r\nMessage-ID: <tocsin.%s@%s>\r\n' "$(date -u '+%a, %d %b %Y %H:%M:%S +0000')" "${event:-$$.$(date +%s)}" "${from#*@}"
	printf 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
	printf '%s is %s.\r\n\r\nvalue: %s\r\nevent: %s, %s\r\nvotes: %s up, %s down, %s unknown\r\nsaid by: %s\r\n' \
		"$key" "$status" "$value" "${event:-none}" "${TOCSIN_EVENT_TIME:-}" \
		"${TOCSIN_VOTES_UP:-?}" "${TOCSIN_VOTES_DOWN:-?}" "${TOCSIN_VOTES_UNKNOWN:-?}" "${node:-nobody}"
}
act() {
	set -- --mail-from "$from" --upload-file -
	for each in $to; do set -- "$@" --mail-rcpt "$each"; done
	if dry; then
		mail
		return
	fi
	limit=30
	web "$@" --url "$server" <<-MAIL
		$(mail)
	MAIL
	[ "$failure" -eq 0 ] || problem 1 "$server does not take it: $answer"
	printf 'sent to %s\n' "$to"
}
fenced act
