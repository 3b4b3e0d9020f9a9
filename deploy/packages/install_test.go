//go:build linux

package packages_test

import (
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/hosttest/booted"
)

// settings are what somebody writes into a fresh configuration.
const settings = "node: debian\nsite: here\naudit_log: /var/log/tocsin/audit.log\nbootstrap: true\n"

// host is a machine on which things are installed and removed.
type host struct {
	*testing.T
	*booted.Machine
}

// do runs a command of a shell that has to succeed.
func (h host) do(command string) string {
	h.Helper()
	said, err := h.Machine.Run("sh", "-c", command)
	if err != nil {
		h.Fatal(err)
	}
	return strings.TrimSpace(said)
}

// want requires that a command, whatever it exits with, says exactly this.
func (h host) want(command, says string) {
	h.Helper()
	if said, err := h.Machine.Run("sh", "-c", command); strings.TrimSpace(said) != says {
		h.Errorf("%s says %q, %v, want %q", command, strings.TrimSpace(said), err, says)
	}
}

// until waits until a command succeeds.
func (h host) until(command string) {
	h.Helper()
	var err error
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if _, err = h.Machine.Run("sh", "-c", command); err == nil {
			return
		}
	}
	h.Fatalf("%v\n%s", err, h.do("systemctl status tocsin; journalctl -n 30 -u tocsin || true"))
}

// has requires that files are there, or that they are not.
func (h host) has(there bool, files ...string) {
	h.Helper()
	for _, file := range files {
		if _, err := os.Lstat(h.File(file)); (err == nil) != there {
			h.Errorf("%s: there is %v, want it there: %v", file, err, there)
		}
	}
}

// bring copies a package to the machine.
func (h host) bring(file string) (there string) {
	h.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		h.Fatal(err)
	}
	there = path.Join("/root", path.Base(file))
	h.Write(h.T, there, string(text), 0o600)
	return there
}

// lifeOfDeb installs a release, uses it, upgrades it, removes it, installs it
// again and purges it.
func lifeOfDeb(t *testing.T, m *booted.Machine, r, next release) {
	h := host{t, m}
	m.Start(t)
	for deadline := time.Now().Add(2 * time.Minute); m.Up() != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(m.Up())
		}
	}
	first, second := h.bring(r.deb()), h.bring(next.deb())

	if said := h.do("dpkg -i " + first); !strings.Contains(said, "systemctl enable --now tocsin") {
		t.Errorf("an install does not tell what comes next: %s", said)
	}
	h.want("tocsin version | head -1 | cut -d' ' -f1-2", "tocsin 0.1.0")
	h.want("systemctl is-active tocsin", "inactive")
	h.want("systemctl is-enabled tocsin", "disabled")
	h.want("stat -c '%U:%G %a' /etc/tocsin /etc/tocsin/tocsin.yaml /etc/default/tocsin /etc/tocsin/scripts /etc/tocsin/keyring /var/lib/tocsin /var/log/tocsin | tr '\\n' ' '",
		"root:tocsin 750 root:tocsin 640 root:root 600 root:root 755 tocsin:tocsin 700 tocsin:tocsin 700 tocsin:tocsin 750")
	h.want("getent passwd tocsin | cut -d: -f6,7", "/var/lib/tocsin:/usr/sbin/nologin")
	h.want("runuser -u tocsin -- tocsin validate /etc/tocsin/tocsin.yaml 2>&1 | grep -c 'node is not given'", "1") // and nothing else is wrong

	add(t, h.File("/etc/tocsin/tocsin.yaml"), settings)
	add(t, h.File("/etc/default/tocsin"), "# by hand\n")
	add(t, h.File("/etc/tocsin/scripts/notify.sh"), "# by hand\n")
	h.do("cd /etc/tocsin/keyring && tocsin keygen gossip.key && chown -R tocsin:tocsin . && echo 'gossip_key_file: /etc/tocsin/keyring/gossip.key' >>../tocsin.yaml")
	h.do("runuser -u tocsin -- tocsin validate /etc/tocsin/tocsin.yaml && systemctl enable --now tocsin")
	h.until("tocsin set web 127.0.0.1:6000 --check tcp && tocsin status web | grep -q UP")

	changesItsKey(h)

	started := h.do("systemctl show -P MainPID tocsin")
	rotate(h)
	h.want("systemctl show -P MainPID tocsin", started)
	h.do("dpkg -i --force-confdef --force-confold " + second)
	h.want("tocsin version | head -1 | cut -d' ' -f1-2", "tocsin 0.2.0")
	h.want("systemctl is-active tocsin", "active")
	if now := h.do("systemctl show -P MainPID tocsin"); now == started {
		t.Error("an upgrade leaves the old agent running")
	}
	h.until("tocsin get web")
	h.want("tail -n 1 /etc/tocsin/tocsin.yaml /etc/default/tocsin /etc/tocsin/scripts/notify.sh | grep -c 'by hand\\|keyring.gossip.key'", "3")
	h.want("tail -n 1 /etc/tocsin/scripts/verify.sh", "# of the later release") // nobody has changed it
	h.has(true, "/etc/default/tocsin.dpkg-dist", "/etc/tocsin/scripts/notify.sh.dpkg-dist")
	h.has(false, "/etc/tocsin/tocsin.yaml.dpkg-dist") // it is as it was

	h.do("systemctl stop tocsin && dpkg -i " + second)
	h.want("systemctl is-active tocsin", "inactive")               // who has stopped it wants it so
	h.do("mv /etc/tocsin/tocsin.yaml /root/ && dpkg -i " + second) // who has removed it, too
	h.has(false, "/etc/tocsin/tocsin.yaml")
	h.do("mv /root/tocsin.yaml /etc/tocsin/ && systemctl start tocsin")

	h.do("dpkg -r tocsin")
	h.want("systemctl is-active tocsin", "inactive")
	h.want("pgrep -u tocsin | wc -l", "0")
	h.has(false, "/usr/bin/tocsin", "/usr/lib/systemd/system/tocsin.service", "/etc/systemd/system/multi-user.target.wants/tocsin.service", "/usr/share/man/man1/tocsin.1.gz")
	h.has(true, "/etc/tocsin/tocsin.yaml", "/etc/tocsin/scripts/notify.sh", "/etc/default/tocsin", "/var/lib/tocsin/identity.json", "/var/log/tocsin")

	h.do("dpkg -i --force-confdef --force-confold " + second + " && systemctl enable --now tocsin")
	h.until("tocsin get web") // it knows what it knew

	h.do("dpkg -P tocsin")
	h.want("pgrep -u tocsin | wc -l", "0")
	h.has(false, "/usr/bin/tocsin", "/etc/tocsin", "/etc/default/tocsin", "/etc/logrotate.d/tocsin", "/var/lib/tocsin", "/var/log/tocsin", "/run/tocsin")
	h.want("find / -xdev -user tocsin -o -xdev -name '*tocsin*' ! -path '/root/*' ! -path '/proc/*' ! -path '/var/log/journal/*'", "")
	h.want("dpkg -l tocsin 2>&1 | grep -c '^[ir]'", "0")
	h.want("systemctl --failed --no-legend | grep tocsin", "")
}

// changesItsKey has the agent that the unit runs write its file of gossip keys, and
// one that is not its own stay as it is.
func changesItsKey(h host) {
	h.Helper()
	const file = "/etc/tocsin/keyring/gossip.key"
	old := h.do("tocsin keyring list | awk 'NR == 2 { print $1 }'")
	next := h.do("tocsin keygen /root/new.key | grep -o '[0-9a-f]\\{16\\}'")
	h.do("tocsin keyring install /root/new.key && tocsin keyring use " + next + " && tocsin keyring remove " + old)
	h.want("stat -c '%U:%G %a' "+file, "tocsin:tocsin 600")
	h.want("grep -v '#' "+file, h.do("grep -v '#' /root/new.key"))

	h.do("chown root:tocsin " + file + " && chmod 640 " + file)
	h.want("tocsin keygen | tocsin keyring install - 2>&1 | grep -c 'belongs to user'", "1")
	h.want("stat -c '%U:%G %a' "+file, "root:tocsin 640")
	h.do("chown tocsin:tocsin " + file + " && chmod 600 " + file)
}

// rotate has the audit log moved away, as it is once a week: the agent goes on in a
// new one.
func rotate(h host) {
	h.Helper()
	h.do("tocsin set old 127.0.0.1:6000 --check tcp && logrotate --force /etc/logrotate.d/tocsin")
	h.until("tocsin set new 127.0.0.1:6000 --check tcp && grep -q new /var/log/tocsin/audit.log")
	h.do("grep old /var/log/tocsin/audit.log.1 && tocsin del old && tocsin del new")
	h.want("grep -c old /var/log/tocsin/audit.log", "1") // that it was deleted, not that it was set
	h.want("stat -c '%U:%G %a' /var/log/tocsin/audit.log", "tocsin:tocsin 640")
}

// lifeOfRPM installs a release into the root of a machine that is off, upgrades and
// erases it. It is no machine of Red Hat, so only what rpm does is seen.
func lifeOfRPM(t *testing.T, m *booted.Machine, r, next release) {
	h := host{t, m}
	rpm := func(args ...string) {
		t.Helper()
		c := exec.Command("rpm", append([]string{"--root", m.Root, "--nodeps", "--nosignature"}, args...)...)
		said := &strings.Builder{}
		c.Stdout, c.Stderr = said, said
		if err := m.Host.Start(c); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil || strings.Contains(said.String(), "failed") { // for a script that fails it exits with 0
			t.Fatalf("%s: %v\n%s", c, err, said)
		}
	}
	tail := func(file, want string) {
		t.Helper()
		text, err := os.ReadFile(h.File(file))
		if err != nil || !strings.HasSuffix(string(text), want) {
			t.Errorf("%s, %v, does not end with %q", file, err, want)
		}
	}
	if err := m.Do(func() error { return syscall.Mount("proc", m.Root+"/proc", "proc", 0, "") }); err != nil {
		t.Fatal(err)
	}
	rpm("-i", r.rpm())
	h.has(true, "/usr/bin/tocsin", "/etc/tocsin/tocsin.yaml", "/var/lib/tocsin", "/var/log/tocsin")
	if text, err := os.ReadFile(h.File("/etc/passwd")); err != nil || !strings.Contains(string(text), "\ntocsin:") {
		t.Errorf("there is no user: %v", err)
	}
	add(t, h.File("/etc/tocsin/tocsin.yaml"), settings)
	add(t, h.File("/etc/tocsin/scripts/notify.sh"), "# by hand\n")
	rpm("-U", next.rpm())
	tail("/etc/tocsin/tocsin.yaml", settings)
	tail("/etc/tocsin/scripts/notify.sh", "# by hand\n")
	tail("/etc/tocsin/scripts/verify.sh", "# of the later release\n")
	h.has(true, "/etc/tocsin/scripts/notify.sh.rpmnew", "/usr/bin/tocsin")
	rpm("-e", "tocsin")
	h.has(false, "/usr/bin/tocsin", "/usr/lib/systemd/system/tocsin.service", "/etc/tocsin/scripts/verify.sh")
	h.has(true, "/etc/tocsin/tocsin.yaml.rpmsave", "/etc/tocsin/scripts/notify.sh.rpmsave", "/var/lib/tocsin")
}
