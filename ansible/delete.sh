#!/usr/bin/env bash
# Usage: ./delete.sh KEY
#
# Deletes the endpoint KEY, through the leader, wherever it is. The nodes are those
# in run.hosts, or in the inventory that TOCSIN_INVENTORY names.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ "${1-}" != --help ] || usage 0
[ "$#" -eq 1 ] || usage 2
to_leader /del -G --data-urlencode "key=$1"
echo
