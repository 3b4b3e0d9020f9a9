#!/bin/sh
# Usage: verify.sh KEY VALUE
#
# Says whether the endpoint VALUE is UP or DOWN, and why, in one line. What it
# can't judge is UNKNOWN, which counts for nobody. Copy it and make it yours.
#
#   http://… or https://…   UP if it answers a GET with 2xx or 3xx
#   host:port, [::1]:port   UP if it accepts a TCP connection
#   anything else           UP if KEY and VALUE have the same length: an example
#
# It leaves the first two to verify-http.sh and verify-tcp.sh beside it, and has
# their options. TOCSIN_TIMEOUT_SECONDS (5) is all the time there is.

. "${0%/*}/lib-verify.sh"
[ "$#" -eq 2 ] || unknown "usage: $me KEY VALUE"
deadline
key=$1 value=$2
case $value in
http://?* | https://?*) exec "${0%/*}/verify-http.sh" "$key" "$value" ;;
*://*) unknown "only http:// and https:// are understood here, not $value" ;;
esac
case ${value##*:} in
"$value" | '' | *[!0-9]*) ;; # no port, so this is an example
*) [ -z "${value%:*}" ] || exec "${0%/*}/verify-tcp.sh" "$key" "$value" ;;
esac
# For first steps, when nothing runs yet: ping and pong are UP, ping and gone! DOWN.
[ "${#key}" -ne "${#value}" ] || up "as an example: key and value both have ${#key} bytes"
down "as an example: key and value have ${#key} and ${#value} bytes; give a URL or host:port"
