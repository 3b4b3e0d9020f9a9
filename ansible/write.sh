#!/usr/bin/env bash
# Usage: ./write.sh KEY VALUE
#
# Sets the endpoint KEY to VALUE, through the leader, wherever it is. The nodes are
# those in run.hosts, or in the inventory that TOCSIN_INVENTORY names.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ "${1-}" != --help ] || usage 0
[ "$#" -eq 2 ] || usage 2
to_leader /set -G --data-urlencode "key=$1" --data-urlencode "value=$2"
echo
