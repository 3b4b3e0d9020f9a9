#!/bin/sh
# Usage: verify-tls-expiry.sh KEY 'HOST[:PORT] [OPTION=WORD]...'
#
# UP if the certificate that HOST:PORT (443) shows is good for some time yet,
# DOWN if it expires sooner, has expired, or none is shown.
#
#   days=14        for how many days it has to be good
#   name=NAME      name to ask for (SNI) and, with ca, to find in it (HOST)
#   ca=FILE        the certificate also has to be signed by one of these;
#                  ca=system: by one that this machine trusts
#   starttls=smtp  protocol that begins in clear: smtp, imap, postgres, mysql, ...
#
# Needs openssl and timeout.

. "${0%/*}/lib-verify.sh"
verification 'days name ca starttls' "$@"
need openssl openssl
numbers days
: "${days:=14}"
host_port 443
case ${ca:=} in '' | system) ;; *) [ -r "$ca" ] || unknown "ca=$ca can't be read" ;; esac

case ${name:=$host} in
*:* | *[0-9].*[0-9].*[0-9].*[0-9]) sni='-noservername' check='-verify_ip' ;;
*) sni="-servername $name" check='-verify_hostname' ;;
esac
case $host in *:*) host="[$host]" ;; esac
case $ca in
'') set -- ;;
system) set -- "$check" "$name" -verify_return_error ;;
*) set -- "$check" "$name" -verify_return_error -CAfile "$ca" ;;
esac
# shellcheck disable=SC2086 # one word or two
ask openssl s_client -connect "$host:$port" $sni ${starttls:+-starttls "$starttls"} "$@"
failure=$?
certificate=$(printf %s "$answer" | sed -n '/^-----BEGIN CERT/,/^-----END CERT/p')
distrust=$(printf '%s\n' "$answer" | sed -n 's/^verify error:[^:]*://p' | head -n 1)
[ -z "$ca" ] || [ -z "$distrust" ] || down "the certificate is not to be trusted: $distrust"
if [ -z "$certificate" ]; then
	blame "$answer"
	case $answer in
	*'connect:errno'* | *'BIO_lookup'* | *'not known'* | *'ame resolution'*) unknown "no way to $target: is the name right, and known to this machine?" ;;
	esac
	down "no certificate is shown (openssl exited with $failure)"
fi
end=$(printf %s "$certificate" | openssl x509 -noout -enddate 2>&1) || unknown "the certificate can't be read: $end"
for within in 0 "$((days * 86400))"; do
	if ! printf %s "$certificate" | openssl x509 -noout -checkend "$within" >/dev/null; then
		[ "$within" -eq 0 ] || down "the certificate expires within $days days, ${end#notAfter=}"
		down "the certificate has expired, ${end#notAfter=}"
	fi
done
up "the certificate is good until ${end#notAfter=}"
