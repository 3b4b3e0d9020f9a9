// Package booted gives hosts a systemd of their own: a machine that boots, runs
// services and loses its power, for tests of what is installed on one. It needs
// Linux, root, systemd-nspawn and, the first time, debootstrap and a mirror of
// Debian.
package booted
