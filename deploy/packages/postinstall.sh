#!/bin/sh
# After the files are there: the user, the folders, and the agent again if it ran.
# dpkg says "configure OLD-VERSION", rpm 1 for an install and 2 for an upgrade.
set -e

systemd-sysusers tocsin.conf
systemd-tmpfiles --create tocsin.conf
# Whoever has removed it wants it so.
[ ! -e /etc/tocsin/tocsin.yaml ] || chgrp tocsin /etc/tocsin/tocsin.yaml

[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if systemctl is-active --quiet tocsin.service; then
	systemctl restart tocsin.service
elif [ "$1" = 1 ] || { [ "$1" = configure ] && [ -z "$2" ]; }; then
	cat <<'WORDS'
tocsin: give the node its name, site and addresses in /etc/tocsin/tocsin.yaml, then
tocsin:   tocsin validate /etc/tocsin/tocsin.yaml && systemctl enable --now tocsin
WORDS
fi
