#!/bin/sh
# Before the files go: the agent is stopped, unless this is an upgrade. dpkg says
# "remove", rpm 0.
set -e

case $1 in remove | 0) ;; *) exit 0 ;; esac
[ -d /run/systemd/system ] || exit 0
systemctl disable --now tocsin.service
