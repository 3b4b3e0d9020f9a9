//go:build linux

// Package ansible_test rolls Tocsin out to machines with a systemd of their own,
// and does with them what people do over the years.
package ansible_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/hosttest/lan"
)

var (
	rollout = flag.Bool("rollout", false, "boot machines and roll out to them; takes long")
	brief   = flag.Bool("brief", false, "with -rollout: three machines, and what a change breaks most often; takes minutes")
)

// TestRollout is one story, in the order in which it happens.
func TestRollout(t *testing.T) {
	if !*rollout {
		t.Skip("boots machines: ask for it with -rollout")
	}
	need(t)
	sites := []string{"north-1", "north-1", "north-2", "north-2", "south"}
	if *brief {
		sites = []string{"north-1", "north-2", "south"}
	}
	f := newFleet(t, byIPv4, sites...)
	tell(t, []chapter{
		{"roll out", f.rollOut, true},
		{"again", f.again, true},
		{"walk through", f.walkThrough, true},
		{"change", f.change, false},
		{"upgrade", f.upgrade, true},
		{"renew", f.renew, true},
		{"rekey", f.rekey, true},
		{"replace", f.replace, false},
		{"lose a site", f.loseSite, false},
		{"restore", f.restore, false},
		{"keep strangers out", f.keepOut, false},
		{"stop and start", f.stopAndStart, false},
	})
}

// chapter is a part of a story.
type chapter struct {
	name  string
	tell  func(*testing.T)
	brief bool // told by -brief, too
}

func tell(t *testing.T, chapters []chapter) {
	t.Helper()
	for _, c := range chapters {
		if *brief && !c.brief {
			continue
		}
		if !t.Run(c.name, c.tell) {
			return // what comes next builds on it
		}
	}
}

func (f *fleet) rollOut(t *testing.T) {
	f.play(t, "run.yml", "--check", "--diff") // there is nothing yet, and nothing is made
	if f.secured() {
		t.Error("--check has made credentials")
	}
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
	f.modes(t)
}

// again is a second run, which has nothing to do; --check says so too.
func (f *fleet) again(t *testing.T) {
	for _, args := range [][]string{nil, {"--check", "--diff"}} {
		said := f.play(t, "run.yml", args...)
		counts := changed(said)
		if len(counts) != len(f.machines) {
			t.Errorf("run.yml %v says nothing of some machines:\n%s", args, said)
		}
		for name, n := range counts {
			if n != "0" {
				t.Errorf("run.yml %v changed %s things on %s:\n%s", args, n, name, said)
			}
		}
	}
}

func (f *fleet) stopAndStart(t *testing.T) {
	f.play(t, "kill.yml")
	for _, m := range f.machines {
		if _, err := f.get(m, "/livez"); err == nil {
			t.Errorf("%s still answers after kill.yml", m.name)
		}
	}
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
}

// walkThrough is what users of the original know.
func (f *fleet) walkThrough(t *testing.T) {
	t.Helper()
	say := func(want string, name string, args ...string) {
		t.Helper()
		said, err := f.command(t, name, args...)
		if err != nil || !strings.Contains(said, want) {
			t.Errorf("%s %q: %v: %s, and not %s", name, args, err, said, want)
		}
	}
	say("ok", "./write.sh", "xdcr/test 1", "127.0.0.1:1")
	all := `{"xdcr/test 1":"127.0.0.1:1"}`
	last := f.machines[len(f.machines)-1]
	say(last.name+": "+all, "./status.sh", "0")
	say(f.machines[0].name+": "+all, "./status.sh", "xdcr/test 1", "s")
	say(`"Status":`, "./status.sh", "xdcr/test 1", "1")
	say(`"Consensus":`, "./status.sh", "2")
	say(":7000", "./status.sh", "3")
	say(f.machines[2].address().String(), "./status.sh", "4")
	say(f.machines[2].address().String(), "./status.sh", "5")
	say(": ok", "./status.sh", "6")
	say("ok", "./delete.sh", "xdcr/test 1")
	say(last.name+": {}", "./status.sh", "0")
}

// change is another configuration, and another script: agents go on, and read what
// is theirs.
func (f *fleet) change(t *testing.T) {
	started := f.starts(t)
	script := f.path("notify-mine.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f.vars["tocsin_scripts"] = []string{script}
	f.vars["tocsin_config"] = map[string]any{"max_checks": 77}
	f.list(t)
	would := tasks(f.play(t, "run.yml", "--check", "--diff"))
	if _, err := os.Stat(f.machines[0].File("/etc/tocsin/scripts/notify-mine.sh")); err == nil {
		t.Error("--check has brought a script")
	}
	did := tasks(f.play(t, "run.yml", "--diff"))
	// It runs no command, so no agent reads its configuration again.
	did = slices.DeleteFunc(did, func(task string) bool { return strings.HasSuffix(task, "read its configuration again") })
	if !slices.Equal(would, did) {
		t.Errorf("--check says that these would change:\n%q\nand these did:\n%q", would, did)
	}
	f.stay(t, started)
	for _, m := range f.machines {
		if _, err := os.Stat(m.File("/etc/tocsin/scripts/notify-mine.sh")); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	f.goBy(t, "77", f.machines...)
}

// goBy requires that the machines have a setting of that value in force.
func (f *fleet) goBy(t *testing.T, value string, machines ...*machine) {
	t.Helper()
	for _, m := range machines {
		if said, err := f.get(m, "/v1/config"); err != nil || !strings.Contains(said, value) {
			t.Errorf("%s does not go by the new configuration: %v: %s", m.name, err, said)
		}
	}
}

// restore brings back what was deleted, and starts no notification.
func (f *fleet) restore(t *testing.T) {
	kept, backup := f.newService(t, 9004), f.path("tocsin.backup")
	if said, err := f.command(t, "./write.sh", "kept", kept.address); err != nil {
		t.Fatalf("write.sh: %v: %s", err, said)
	}
	eventually(t, patience, f.states("kept", f.machines, "UP"))
	f.play(t, "playbooks/backup.yml", "-e", "backup="+backup)
	if said, err := f.command(t, "./delete.sh", "kept"); err != nil {
		t.Fatalf("delete.sh: %v: %s", err, said)
	}
	would := f.play(t, "playbooks/restore.yml", "-e", "backup="+backup, "--check")
	f.play(t, "playbooks/restore.yml", "-e", "backup="+backup)
	if again := f.play(t, "playbooks/restore.yml", "-e", "backup="+backup); !slices.Contains(slices.Collect(maps.Values(changed(would))), "1") ||
		slices.Contains(slices.Collect(maps.Values(changed(again))), "1") {
		t.Errorf("--check does not tell what is to be restored, or a second time changes something:\n%s\n%s", would, again)
	}
	f.hold(t, map[string]string{"kept": kept.address})
	// It is another generation, whose first decision is nobody's news.
	eventually(t, patience, func() error {
		for _, m := range f.machines {
			events, err := f.events(m, "kept")
			if err != nil {
				return err
			}
			if last := len(events) - 1; last < 0 || events[last].To != "UP" || !events[last].Baseline {
				return fmt.Errorf("%s knows %+v of it", m.name, events)
			}
		}
		return nil
	})
}

// keepOut lets nobody come to the ports but the nodes, and the control to HTTP.
func (f *fleet) keepOut(t *testing.T) {
	f.vars["tocsin_firewall"] = true
	f.vars["tocsin_clients"] = []string{f.reach(f.control).String()}
	f.list(t)
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
	stranger, err := f.net.Add("stranger", 99)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []struct {
		*lan.Host
		port uint16
		in   bool
	}{{stranger, 22, true}, {stranger, httpPort, false}, {stranger, 7000, false}, {stranger, 8000, false}, {f.control, 7000, false}} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		conn, err := from.DialContext(ctx, "tcp", netip.AddrPortFrom(f.machines[0].address(), from.port).String())
		cancel()
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != from.in {
			t.Errorf("from %s to port %d: %v", from.Name, from.port, err)
		}
	}
}

// upgrade brings a second version, while people write, one endpoint fails in the
// middle of it, and another is well all the time.
func (f *fleet) upgrade(t *testing.T) {
	t.Helper()
	well, ill := f.newService(t, 9001), f.newService(t, 9002)
	for key, s := range map[string]*service{"well": well, "ill": ill} {
		if said, err := f.command(t, "./write.sh", key, s.address); err != nil {
			t.Fatalf("write.sh: %v: %s", err, said)
		}
		eventually(t, patience, f.states(key, f.machines, "UP"))
	}

	w := f.write()
	failing := time.AfterFunc(20*time.Second, ill.fail)
	f.build(t, secondVersion)
	f.play(t, "run.yml")
	if failing.Stop() {
		t.Error("the upgrade had ended before an endpoint could fail in it")
		ill.fail()
	}
	eventually(t, patience, f.whole(f.machines...))
	eventually(t, patience, f.states("ill", f.machines, "UP", "DOWN"))
	acknowledged := w.end()
	t.Logf("%d writes were acknowledged during the upgrade, %d were not", len(acknowledged), w.failed)
	if len(acknowledged) == 0 {
		t.Error("nobody could write during the upgrade")
	}
	if err := f.states("well", f.machines, "UP")(); err != nil {
		t.Error(err)
	}
	f.hold(t, acknowledged)

	ill.recover()
	eventually(t, patience, f.states("ill", f.machines, "UP", "DOWN", "UP"))
}

// replace loses a machine for good, and puts a new one in its place.
func (f *fleet) replace(t *testing.T) {
	t.Helper()
	lost := f.machines[1]
	lost.Off()
	left := slices.DeleteFunc(slices.Clone(f.machines), func(m *machine) bool { return m == lost })
	f.play(t, "playbooks/remove.yml", "-e", "node="+lost.name)
	eventually(t, patience, f.whole(left...))

	f.machines = left
	f.add(t, lost.site)
	f.list(t)
	f.await(t)
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
}

// loseSite cuts a site off: the others go on, are changed meanwhile, and it comes
// back by itself.
func (f *fleet) loseSite(t *testing.T) {
	t.Helper()
	const site = "north-2"
	at := make(map[string]string)
	var others, gone []*machine
	limit := "all"
	for _, m := range f.machines {
		at[m.name] = m.site
		if m.site == site {
			gone, limit = append(gone, m), limit+":!"+m.name
		} else {
			others = append(others, m)
		}
	}
	s := f.newService(t, 9003)
	if said, err := f.command(t, "./write.sh", "lost", s.address); err != nil {
		t.Fatalf("write.sh: %v: %s", err, said)
	}
	eventually(t, patience, f.states("lost", f.machines, "UP"))
	f.net.Obey(func(p lan.Packet) lan.Link {
		return lan.Link{Cut: (at[p.From] == site) != (at[p.To] == site)}
	})
	s.fail()
	eventually(t, patience, f.states("lost", others, "UP", "DOWN"))

	f.vars["tocsin_config"] = map[string]any{"max_checks": 78}
	f.list(t)
	f.play(t, "run.yml", "--limit", limit, "-e", "tocsin_whole=false")
	f.goBy(t, "78", others...)
	f.net.Obey(func(lan.Packet) lan.Link { return lan.Link{} })
	eventually(t, patience, f.states("lost", f.machines, "UP", "DOWN"))
	eventually(t, patience, f.whole(f.machines...))
	f.play(t, "run.yml", "-e", "tocsin_whole=false")
	f.goBy(t, "78", gone...)
	if err := f.states("well", f.machines, "UP")(); err != nil {
		t.Error(errors.Join(errors.New("an endpoint that was well all the time has changed"), err))
	}
}
