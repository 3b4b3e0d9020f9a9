#!/usr/bin/env bash
# Starts one node of a local cluster of five, or shows the whole story. Asks for
# nothing but Go, and for no newer bash than the 3.2 that macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${TOCSIN_BUILD:-$here/.build}
data=${TOCSIN_DATA:-$here/data}
offset=${TOCSIN_PORT_OFFSET:-0}

usage() {
	cat <<'EOF'
Usage:
  ./run.sh N [agent flags]   run node N of a local cluster, N from 1 to 5
  ./run.sh demo [--once]     show the whole story on real processes
  ./run.sh help              show this page

A cluster of five, each line in a terminal of its own, in any order:

  ./run.sh 1
  ./run.sh 2
  ./run.sh 3
  ./run.sh 4
  ./run.sh 5

and then, on any of the ports 6000 to 6004:

  curl "http://127.0.0.1:6000/set?key=ping&value=pong"
  curl  http://127.0.0.1:6003/status
  curl  http://127.0.0.1:6003/detectordata

Node N answers HTTP on 127.0.0.1:5999+N, raft on 6999+N and gossip on 7999+N.
Node 1 founds the cluster, the others join it. The node's data is in data/nodeN;
the scripts are those in scripts/. Ctrl-C ends the node; the same command starts
it again with what it had. Flags behind N go to the agent and win over ours:

  ./run.sh 1 --interval 2s --site city-a      (all of them: ./run.sh 1 --help)

The demo ends with Ctrl-C, or, with --once, by itself.

Environment:
  TOCSIN_DATA         folder of the nodes' data (data/ beside run.sh)
  TOCSIN_BUILD        folder of the built binaries (.build/ beside run.sh)
  TOCSIN_PORT_OFFSET  added to every port, for a second cluster (0)
EOF
}

misuse() {
	usage >&2
	printf '\nrun.sh: %s\n' "$1" >&2
	exit 2
}

# lock waits until this process alone holds $build/lock, a symbolic link that
# names its holder. A holder that is gone loses it. Two of us may take over from
# a dead holder at once; that only costs a build too many, for every file below
# is built under a name of its own and then moved.
lock() {
	local holder tries=0
	mkdir -p "$build"
	until ln -s "$$" "$build/lock" 2>/dev/null; do
		tries=$((tries + 1))
		holder=$(readlink "$build/lock" 2>/dev/null) || holder=
		if [ -n "$holder" ] && [ "$tries" -le 600 ] && kill -0 "$holder" 2>/dev/null; then
			[ "$tries" -ne 1 ] || printf 'run.sh: waiting for the build of process %s\n' "$holder" >&2
			sleep 0.5
		elif ! rm -f "$build/lock" || [ "$tries" -gt 1000 ]; then
			printf 'run.sh: %s cannot be made; may you write to that folder?\n' "$build/lock" >&2
			exit 1
		fi
	done
	trap 'rm -f "$build"/*."$$" "$build/lock"' EXIT
}

# build NAME PACKAGE asks go for $build/NAME. The copy tells go what is there
# already, so that nothing is linked again when nothing has changed; the move
# never shows anybody half a file, nor touches the one a running node is using.
# Git tells nothing about a checkout that another user owns, and go would fail
# for wanting to write the revision into the binary.
build() {
	local name=$1 package=$2 made=$build/$1.$$
	[ ! -f "$build/$name" ] || cp -p "$build/$name" "$made"
	(cd "$here" && go build -buildvcs=false -o "$made" "$package")
	if cmp -s "$made" "$build/$name"; then rm -f "$made"; else mv -f "$made" "$build/$name"; fi
}

# provide builds each NAME=PACKAGE, one run.sh at a time.
provide() {
	command -v go >/dev/null || {
		echo 'run.sh: go is not in PATH; Tocsin is built with Go 1.26 or newer' >&2
		exit 1
	}
	local target
	lock
	for target in "$@"; do build "${target%%=*}" "${target#*=}"; done
	rm -f "$build/lock"
	trap - EXIT
}

# fits OFFSET says whether all ports, of which 8004 is the highest, are ports
# with it. To bash 08 is no number but a broken octal one.
fits() {
	case $1 in *[!0-9]* | 0?* | ??????*) return 1 ;; esac
	[ "$1" -le $((65535 - 8004)) ]
}

# address BASE N prints where node N listens on the port that BASE gives node 1.
address() { printf '127.0.0.1:%d' "$(($1 + $2 - 1 + offset))"; }

node() {
	local n=$1 other others=
	shift
	for other in 1 2 3 4 5; do
		[ "$other" = "$n" ] || others=$others${others:+,}$(address 6000 "$other")
	done
	# Node 1 has --join as well: it founds nothing while it can reach a cluster.
	[ "$n" != 1 ] || set -- --bootstrap "$@"
	provide tocsin=.
	exec "$build/tocsin" agent --node "node$n" --data-dir "$data/node$n" --scripts "$here/scripts" \
		--http "$(address 6000 "$n")" --raft "$(address 7000 "$n")" --gossip "$(address 8000 "$n")" \
		--join "$others" "$@"
}

case $build in /*) ;; *) build=$PWD/$build ;; esac
case $data in /*) ;; *) data=$PWD/$data ;; esac
fits "$offset" || misuse "TOCSIN_PORT_OFFSET is '$offset', and has to be a number from 0 to 57531 without a zero in front"
case ${1-} in
[1-5]) node "$@" ;;
demo)
	shift
	[ "$#" -eq 0 ] || [ "$*" = --once ] || misuse "demo knows --once and nothing else, not '$*'"
	provide tocsin=. demo=./demo
	exec "$build/demo" --tocsin "$build/tocsin" "$@"
	;;
help | -h | --help) usage ;;
'') misuse 'which node? A number from 1 to 5' ;;
*) misuse "'$1' is neither a node from 1 to 5 nor demo" ;;
esac
