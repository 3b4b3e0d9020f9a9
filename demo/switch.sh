#!/bin/sh
# switch.sh ROLE KEY VALUE STATUS points the client of this machine at the
# standby when the primary is DOWN, and back at the primary when it is UP.
#
# switch.conf beside it says where the two are and which file the client reads:
# primary=, standby=, client=, log=.
set -eu

role=$1 key=$2 status=$4
primary='' standby='' client='' log=''
# shellcheck source=/dev/null
. "$(dirname "$0")/switch.conf"

case $status in
UP) backend=$primary ;;
DOWN) backend=$standby ;;
*)
	echo "status '$status' is neither UP nor DOWN"
	exit 2
	;;
esac

# The event's id only ever grows, so it is a fence: what was written for a newer
# event is never undone by an older one that comes late.
written=$(sed -n 's/^# event //p' "$client" 2>/dev/null) || written=0
if [ "${written:-0}" -gt "$TOCSIN_EVENT_ID" ]; then
	echo "event $TOCSIN_EVENT_ID is older than event $written, which stands"
	exit 0
fi

# A client that reads at this very moment sees the old file or the new one,
# never half of one: the new one is written aside and then moved.
aside=$client.$$
trap 'rm -f "$aside"' EXIT
printf '# event %s\nbackend = %s\n' "$TOCSIN_EVENT_ID" "$backend" >"$aside"
mv -f "$aside" "$client"

echo "$TOCSIN_EVENT_ID $key $status $role $backend" >>"$log"
echo "backend = $backend"
