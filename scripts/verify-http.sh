#!/bin/sh
# Usage: verify-http.sh KEY 'URL [OPTION=WORD]... [body=REGEX]'
#
# UP if a GET of URL (http or https) is answered as it should be, DOWN if it is
# answered otherwise or not at all, or if the certificate is not to be trusted.
# A redirect is an answer, and is not followed.
#
#   status=200,3xx   what the status may be: codes, or a class of them (2xx,3xx)
#   secret=NAME      file in SCRIPT_SECRETS_DIR with lines for curl (http):
#                    user = "name:password", header = "...", cacert = "/file"
#   body=REGEX       what the body has to match (grep -E); comes last and takes
#                    the rest of VALUE, blanks and all
#
# Needs curl; wget will do if neither a body nor a secret is asked for.
# "check: http" does the plain case without a script.

. "${0%/*}/lib-verify.sh"
body=
case ${2:-} in *' body='*) body=${2#* body=} && set -- "$1" "${2%% body=*}" ;; esac
verification 'status secret' "$@"
secrets http
case $target in http://?* | https://?*) ;; *) unknown "only http:// and https:// are understood here, not $target" ;; esac
case ${status:=2xx,3xx} in *[!0-9x,]*) unknown "status=$status: give codes such as 200,204 or 2xx" ;; esac

judge() { # CODE [BODY]: the answer, and the end
	rest=$status,
	while [ -n "$rest" ]; do
		pattern=${rest%%,*} rest=${rest#*,}
		case $pattern in *xx) pattern="${pattern%xx}??" ;; esac
		# shellcheck disable=SC2254 # a pattern is meant
		case $1 in $pattern) [ -z "$body" ] || match "$1" "$2" && up "HTTP $1" ;; esac
	done
	down "HTTP $1, and not $status"
}
match() { # CODE BODY
	printf %s "$2" | grep -Eq -e "$body"
	case $? in
	0) up "HTTP $1, and the body matches" ;;
	1) down "HTTP $1, and the body does not match $body" ;;
	*) unknown "body=$body is no regular expression for grep -E" ;;
	esac
}

if command -v curl >/dev/null; then
	if [ -n "$body" ]; then web "$target"; else web -o /dev/null "$target"; fi
	# Without a body to look at, an answer counts whether or not its body ends.
	if [ "${code:=000}" != 000 ] && { [ -z "$body" ] || [ "$failure" -eq 0 ]; }; then judge "$code" "$answer"; fi
	curl_blame
fi
[ -z "$body$secret_file" ] || need curl curl
need wget 'curl, or use check http, which needs no tool'
said=$(wget -S -t 1 -T "$limit" -O /dev/null "$target" 2>&1)
first=${said#*HTTP/1.? } # the answer before any redirect
[ "$first" = "$said" ] || judge "${first%%[!0-9]*}"
blame "$said"
unknown "is the name right? Then install curl, or use check http, which needs no tool: $why"
