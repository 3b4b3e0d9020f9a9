#!/bin/sh
# Usage: verify-etcd.sh KEY 'http://HOST:2379 [OPTION=WORD]...'
#
# UP if the etcd there can serve: its cluster has a leader and a quorum, and no
# alarm. DOWN if it says that it can't, or does not answer in time.
#
#   secret=NAME   file in SCRIPT_SECRETS_DIR with lines for curl (etcd):
#                 cert = "/file", key = "/file", cacert = "/file"
#
# Needs curl.

. "${0%/*}/lib-verify.sh"
verification 'secret' "$@"
secrets etcd
case $target in http://?* | https://?*) ;; *) unknown "'$target' is no http://HOST:2379" ;; esac
web "${target%/}/health"
case ${code:-000},$answer in
000,*) curl_blame ;;
200,*'"health":"true"'*) up 'it serves, with a leader and a quorum' ;;
*'"health":"false"'*) down "it does not serve: $answer" ;;
5*) down "HTTP $code: $answer" ;;
*) unknown "HTTP $code: $answer: is this etcd?" ;;
esac
