# Read by write.sh, delete.sh and status.sh: finds the nodes in the inventory, and
# asks them, with the certificate of the operator that the rollout made beside it.
# Whoever has another one, or a token, says so as to the commands of tocsin:
# TOCSIN_CA=ca.crt TOCSIN_TOKEN_FILE=token ./status.sh 0
# shellcheck shell=bash

inventory=${TOCSIN_INVENTORY:-$(dirname "${BASH_SOURCE[0]}")/run.hosts}
operator=$(dirname "$inventory")/credentials/operator
if [ -z "${TOCSIN_CA:-}" ] && [ -r "$operator/tls.key" ]; then
	TOCSIN_CA=$operator/ca.crt TOCSIN_CERT=$operator/tls.crt TOCSIN_CERT_KEY=$operator/tls.key
fi

problem() { # WORDS
	printf '%s: %s\n' "$(basename "$0")" "$1" >&2
	exit 1
}

# usage CODE shows the page at the head of the script, and ends it.
usage() {
	[ "$1" -eq 0 ] || exec >&2
	sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
	exit "$1"
}

# nodes prints a line for each host: its name, its address and its port of HTTP.
nodes() {
	command -v ansible-inventory >/dev/null || problem 'ansible-inventory is missing: install Ansible'
	[ -r "$inventory" ] || problem "$inventory can't be read: name another one by TOCSIN_INVENTORY"
	ansible-inventory -i "$inventory" --list | python3 -c '
import json, sys
known = json.load(sys.stdin)["_meta"]["hostvars"]
for name, v in known.items():
    print(name, v.get("tocsin_address", v.get("ansible_host", name)), v.get("tocsin_http_port", v.get("httpPort", 6000)))
' || problem "$inventory can't be understood"
}

# ask PATH [CURL ARGUMENT...] asks the node at $address:$port and prints its answer.
ask() {
	local path=$1 scheme=http host=$address more=()
	shift
	[[ $host != *:* ]] || host="[$host]"
	if [ -n "${TOCSIN_CA:-}" ]; then
		scheme=https more+=(--cacert "$TOCSIN_CA")
	fi
	if [ -n "${TOCSIN_CERT:-}" ]; then
		more+=(--cert "$TOCSIN_CERT" --key "${TOCSIN_CERT_KEY:-}")
	fi
	if [ -n "${TOCSIN_TOKEN_FILE:-}" ]; then
		# By a file: what stands on a command line all users of the machine can read.
		more+=(-H "@"<(printf 'Authorization: Bearer %s\n' "$(cat "$TOCSIN_TOKEN_FILE")"))
	fi
	curl -q -sS --globoff --max-time 15 "${more[@]}" "$@" "$scheme://$host:$port$path"
}

# to_leader PATH [CURL ARGUMENT...] asks the leader, wherever it is, and prints its
# answer. A node that knows no leader, or does not answer, is passed over.
to_leader() {
	local all address port leader
	all=$(nodes) || exit 1
	while read -r _ address port; do
		leader=$(ask /leader --fail 2>/dev/null) || continue
		leader=${leader%:*} leader=${leader#[} leader=${leader%]}
		# The leader is told by its raft address: find its host in the inventory.
		while read -r _ address port; do
			if [ "$address" = "$leader" ] || addresses_of "$address" | grep -qxF -- "$leader"; then
				ask "$@" --fail-with-body
				return
			fi
		done <<<"$all"
		problem "the leader is at $leader, which is not in $inventory"
	done <<<"$all"
	problem "none of the nodes in $inventory knows a leader: see ./status.sh 3"
}

addresses_of() { # NAME
	getent ahosts "$1" | cut -d ' ' -f 1
}
