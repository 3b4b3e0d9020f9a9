# shellcheck shell=sh disable=SC2034,SC2154 # set here and read there, and the other way round
# What all scripts of this folder share. Those that verify begin with
# . "${0%/*}/lib-verify.sh", those that notify with . "${0%/*}/lib-notify.sh",
# and both read this. None of the three is executable: no endpoint can name one.
#
# Three places tell a script what to do:
#
#   VALUE                  what to check: TARGET [OPTION=WORD]... (the cluster's)
#   SCRIPT_SETTINGS        what to do about it: a file (this machine's)
#   SCRIPT_SECRETS_DIR     passwords: a file each (this machine's)

set -uf         # words of a value are no patterns
export LC_ALL=C # messages in English, which we read, and lengths in bytes
me=${0##*/} folder=${0%/*}
newline='
'

# The first comment of a script is its help.
if [ "$#" -eq 1 ] && [ "$1" = --help ]; then
	exec sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
fi

cannot() { # WORDS: it can't be done as things are on this machine
	case $me in verify*) unknown "$1" ;; *) problem 1 "$1" ;; esac
}
misused() { # WORDS: it can't be done as it was asked for
	case $me in verify*) unknown "$1" ;; *) problem 2 "$1" ;; esac
}
need() { # TOOL PACKAGE
	command -v "$1" >/dev/null || cannot "$1 is not installed on this machine: install $2"
}
one_line() { # WORDS, whatever they hold
	case $1 in
	*"$newline"* | *"	"*) printf %s "$1" | tr -s '\n\t ' '   ' ;;
	*) printf %s "$1" ;;
	esac
}

host_port() { # [DEFAULT PORT]: takes $target apart into $host and $port
	host=$target port=${1:-}
	case $target in
	\[*\]) host=${target#\[} host=${host%\]} ;;
	\[*\]:*) host=${target#\[} host=${host%\]:*} port=${target##*:} ;;
	*:*:*) misused "$target is no host:port: an address of IPv6 stands in brackets, [::1]:80" ;;
	*:*) host=${target%:*} port=${target##*:} ;;
	esac
	case $host in '' | -* | *[!A-Za-z0-9._:%-]*) misused "$target is no host:port" ;; esac
	case $port in
	'' | 0* | *[!0-9]*) misused "$target is no host:port" ;;
	??????* | [7-9]???? | 6[6-9]??? | 65[6-9]?? | 655[4-9]? | 6553[6-9]) misused "$port is no port: use 1 to 65535" ;;
	esac
}

# Secrets never stand among arguments, where everybody can see them.
secrets() { # NAME: sets $secret_file to the file with what belongs to NAME, or to ""
	case ${secret:=$1} in */* | .*) misused "secret=$secret is a path: name a file in SCRIPT_SECRETS_DIR" ;; esac
	secret_file=${SCRIPT_SECRETS_DIR:-/etc/tocsin/secrets}/$secret
	if [ ! -e "$secret_file" ]; then
		[ "$secret" = "$1" ] || cannot "$secret_file does not exist: put the secret there"
		secret_file=
	elif [ ! -r "$secret_file" ]; then
		cannot "$secret_file can't be read by $(id -un): chown or chmod it"
	fi
}

numbers() { # NAME...: the options or settings that have to be numbers
	for each in "$@"; do
		eval "number=\$$each"
		case $number in *[!0-9]* | ?????????????*) misused "$each=$number is no whole number" ;; esac
	done
}

web() { # CURL'S ARGUMENTS: sets $code (000 without an answer), $answer and $failure
	need curl curl
	answer=$(curl -q -sS --globoff --max-time "${limit:-10}" ${secret_file:+--config "$secret_file"} \
		-w '\n%{http_code}' "$@" 2>&1)
	failure=$?
	code=${answer##*"$newline"} answer=${answer%"$newline"*}
}
