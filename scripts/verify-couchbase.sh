#!/bin/sh
# Usage: verify-couchbase.sh KEY 'http://HOST:8091 [OPTION=WORD]...'
#
# Asks one node of a Couchbase cluster over REST how its nodes are. UP if enough
# of the active ones are healthy; DOWN if not, if the node does not answer, or if
# it belongs to no cluster. https://HOST:18091 works as well.
#
#   healthy=N     how many nodes have to be healthy (all active ones)
#   bucket=NAME   a bucket that has to be there, and healthy on as many
#   secret=NAME   file in SCRIPT_SECRETS_DIR with lines for curl (couchbase):
#                 user = "name:password", cacert = "/file"
#
# Needs curl and jq.

. "${0%/*}/lib-verify.sh"
verification 'healthy bucket secret' "$@"
need jq jq
numbers healthy
secrets couchbase
case $target in http://?* | https://?*) target=${target%/} ;; *) unknown "'$target' is no http://HOST:8091" ;; esac
case $bucket in *[!A-Za-z0-9._%-]*) unknown "bucket=$bucket can't be the name of a bucket" ;; esac

nodes() { # PATH WHAT: DOWN unless enough of its nodes are healthy; sets $counts
	web "$target$1"
	case ${code:-000} in
	200) ;;
	000) curl_blame ;;
	401 | 403) unknown "HTTP $code: the user in $secret_file may not look, or there is none" ;;
	404) down "$2 does not exist: $answer" ;;
	5??) down "HTTP $code of $2" ;;
	*) unknown "HTTP $code of $2" ;;
	esac
	counts=$(printf %s "$answer" | jq -r '[.nodes[] | select(.clusterMembership == "active")] |
		"\(map(select(.status == "healthy")) | length) \(length) \(map(select(.status != "healthy") | "\(.hostname) is \(.status)") | join(", "))"' 2>&1) ||
		unknown "the answer is not one of Couchbase: $counts"
	# shellcheck disable=SC2086 # into its words
	set -- "$2" $counts
	[ "$3" -gt 0 ] || down "$1 has no active nodes"
	[ "$2" -ge "${healthy:-$3}" ] || down "$2 of the $3 active nodes of $1 are healthy: ${counts#* * }"
}

nodes /pools/default 'the cluster'
[ -z "$bucket" ] || nodes "/pools/default/buckets/$bucket" "the bucket $bucket"
# shellcheck disable=SC2086 # into its words
set -- $counts
up "$1 of $2 active nodes are healthy"
