#!/bin/bash
# Writes down when it starts and ends, and does in between what behave says.
#   start TIME PARENT PROCESS EVENT ROLE KEY STATUS ATTEMPT
#   end   TIME PARENT PROCESS EVENT EXIT
export LC_ALL=C
home=${0%/*}/..
read -r takes fails refuses <"$home/behave"
echo "start $EPOCHREALTIME $PPID $$ $TOCSIN_EVENT_ID $1 $2 $4 $TOCSIN_ATTEMPT" >>"$home/runs"
[ "$takes" = 0 ] || sleep "$takes"
code=0
[ "$TOCSIN_ATTEMPT" -gt "$fails" ] || code=1
[ "$refuses" = 0 ] || code=2
echo "end $EPOCHREALTIME $PPID $$ $TOCSIN_EVENT_ID $code" >>"$home/runs"
exit "$code"
