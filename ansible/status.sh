#!/usr/bin/env bash
# Usage: ./status.sh [KEY] MODE
#
# Asks every node, and shows what each answers. MODE is one of
#   0 or s  the endpoints                 3 or l  the leader
#   1 or d  this node's last samples      4       the nodes in the gossip
#   2 or g  what all nodes say            5       the nodes in raft
#                                         6       whether the two are the same
# A KEY goes with 0, 1 and 2. The nodes are those in run.hosts, or in the inventory
# that TOCSIN_INVENTORY names. Exits with 1 if a node did not answer.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ "${1-}" != --help ] || usage 0
case $# in
1) key='' mode=$1 ;;
2) key=$1 mode=$2 ;;
*) usage 2 ;;
esac
case $mode in
0 | s) path=/status ;;
1 | d) path=/detectordata ;;
2 | g) path=/gossipstatus ;;
3 | l) path=/leader ;;
4) path=/gossipnodes ;;
5) path=/raftnodes ;;
6) path=/membersconsensus ;;
*) usage 2 ;;
esac
if [ -n "$key" ]; then
	case $path in
	/status | /detectordata | /gossipstatus) ;;
	*) problem "a KEY goes with the modes 0, 1 and 2" ;;
	esac
	path+=/$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$key")
fi

silent=0
all=$(nodes)
while read -r name address port; do
	if answer=$(ask "$path" 2>&1 </dev/null); then
		printf '%s: %s\n' "$name" "$answer"
	else
		printf '%s: no answer: %s\n' "$name" "${answer//$'\n'/ }"
		silent=1
	fi
done <<<"$all"
exit "$silent"
