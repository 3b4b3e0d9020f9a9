#!/bin/sh
# After the files are gone. What the node knows, and what people wrote, stays until
# somebody says purge; rpm has no such word, and keeps it.
set -e

if [ "$1" = purge ]; then
	rm -rf /var/lib/tocsin /var/log/tocsin /etc/tocsin
fi
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
