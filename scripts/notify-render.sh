#!/bin/sh
# Usage: notify-render.sh ROLE KEY VALUE STATUS      (leader|follower … UP|DOWN)
#
# Writes a file of this machine anew from a template, and has a service read it:
# the whole file or nothing, with its owner and mode; checked before, the old one
# back when the service refuses it, nothing done when nothing changes.
# "tocsin render --help" says what a template knows and can do.
#
# Settings of SCRIPT_SETTINGS (/etc/tocsin/scripts.conf), for KEY or for [*]:
#   render.template   the template
#   render.output     the file it becomes
#   render.check      a command that has to agree; {} is the new file (optional)
#   render.reload     a command that has the service read it (optional)
#   render.all        yes: the template sees all endpoints; they are asked of the
#                     node at SCRIPT_ADDRESS (127.0.0.1:6000)
#
# It refuses older events by itself, for each file. SCRIPT_DRY_RUN=1 shows what
# would change. SCRIPT_TOCSIN is the program, if not the one that runs this.

# shellcheck disable=SC2154 # settings gives them
. "${0%/*}/lib-notify.sh"
notification "$@"
settings 'template output check reload all'
required template output

set -- "$template" "$output"
[ -z "$check" ] || set -- "$@" --check "$check"
[ -z "$reload" ] || set -- "$@" --reload "$reload"
[ -z "$all" ] || set -- "$@" --status
[ -z "${SCRIPT_ADDRESS:-}" ] || set -- "$@" --address "$SCRIPT_ADDRESS"
render "$@"
