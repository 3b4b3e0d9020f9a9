#!/bin/sh
# Usage: verify-tcp.sh KEY HOST:PORT
#
# UP if HOST:PORT accepts a TCP connection, DOWN if it refuses it or does not
# answer in time. [::1]:80 is an address of IPv6.
# Needs nc, or bash and timeout. "check: tcp" does the same without a script.

. "${0%/*}/lib-verify.sh"
verification '' "$@"
host_port ''

bash_said='bash or timeout is not installed'
if command -v bash >/dev/null && command -v timeout >/dev/null; then
	# shellcheck disable=SC2016 # these are for bash to fill in
	ask bash -c ': <>"/dev/tcp/$1/$2"' - "$host" "$port" && up connected
	blame "$answer"
	bash_said=$why
fi
need nc "nc (netcat-openbsd), or use check tcp, which needs no tool; $bash_said"
said=$(nc -v -z -w "$whole" "$host" "$port" 2>&1 </dev/null) && up connected
blame "$said"
unknown "is the name right, and known to this machine? $bash_said; $why"
