#!/bin/sh
# Usage: verify-dns.sh KEY 'NAME [OPTION=WORD]...'
#
# UP if a name server has an answer for NAME, DOWN if it says that there is none,
# fails, or does not answer in time.
#
#   server=HOST[:PORT]   whom to ask (what this machine asks)
#   type=A               kind of record: A, AAAA, CNAME, MX, SRV, TXT, SOA, ...
#   want=WORD            what one of the answers has to be, such as an address
#
# Needs dig (Debian: bind9-dnsutils).

. "${0%/*}/lib-verify.sh"
verification 'server type want' "$@"
need dig bind9-dnsutils
queried=$target
case $queried in '' | [-+@]*) unknown "'$queried' is no name to ask for" ;; esac
case ${type:=A} in *[!A-Za-z0-9]*) unknown "type=$type is no kind of record" ;; esac
set --
if [ -n "$server" ]; then
	target=$server
	host_port 53
	set -- "@$host" -p "$port"
fi
ask dig +noall +comments +answer +tries=1 +time="$whole" "$@" -t "$type" -q "$queried" || {
	case $answer in
	*"couldn't get address"*) unknown "$answer" ;;
	*refused* | *'timed out'* | *unreachable* | *'no servers could be reached'*) down "no answer from ${server:-the name servers of this machine}" ;;
	esac
	unknown "dig: $answer"
}
case $answer in
*'status: NOERROR'*) ;;
*'status: '*) found=${answer#*status: } && down "$queried: ${found%%,*}" ;;
*) unknown "dig: $answer" ;;
esac
found=$(printf '%s\n' "$answer" | awk -v type="$type" '
	!/^;/ && toupper($4) == toupper(type) { $1 = $2 = $3 = $4 = ""; sub(/^ +/, ""); print }')
[ -n "$found" ] || down "$queried has no $type"
[ -z "$want" ] || printf '%s\n' "$found" | grep -Fxq -e "$want" -e "$want." || down "$queried is $found, and not $want"
up "$queried is $found"
