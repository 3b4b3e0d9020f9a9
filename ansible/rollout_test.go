//go:build linux

// Package ansible_test rolls Tocsin out to machines with a systemd of their own,
// and does with them what people do over the years.
package ansible_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/hosttest/lan"
)

var rollout = flag.Bool("rollout", false, "boot machines and roll out to them; takes minutes")

// TestRollout is one story, in the order in which it happens.
func TestRollout(t *testing.T) {
	if !*rollout {
		t.Skip("boots machines: ask for it with -rollout")
	}
	if err := possible(); err != nil {
		t.Skip(err)
	}
	f := newFleet(t, "north-1", "north-1", "north-2", "north-2", "south")
	for _, chapter := range []struct {
		name string
		tell func(*testing.T)
	}{
		{"roll out", f.rollOut},
		{"again", f.again},
		{"walk through", f.walkThrough},
		{"upgrade", f.upgrade},
		{"replace", f.replace},
		{"lose a site", f.loseSite},
		{"stop and start", f.stopAndStart},
	} {
		if !t.Run(chapter.name, chapter.tell) {
			return // what comes next builds on it
		}
	}
}

func (f *fleet) rollOut(t *testing.T) {
	f.play(t, "run.yml")
	eventually(t, time.Minute, f.whole(firstVersion, f.machines...))
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
	eventually(t, time.Minute, f.whole(secondVersion, f.machines...))
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
	say(f.machines[4].name+": "+all, "./status.sh", "0")
	say(f.machines[0].name+": "+all, "./status.sh", "xdcr/test 1", "s")
	say(`"Status":`, "./status.sh", "xdcr/test 1", "1")
	say(`"Consensus":`, "./status.sh", "2")
	say(":7000", "./status.sh", "3")
	say(f.machines[2].address().String(), "./status.sh", "4")
	say(f.machines[2].address().String(), "./status.sh", "5")
	say(": ok", "./status.sh", "6")
	say("ok", "./delete.sh", "xdcr/test 1")
	say(f.machines[4].name+": {}", "./status.sh", "0")
}

// service is an endpoint on the control.
type service struct {
	address string
	open    func() net.Listener
	l       net.Listener
}

func (f *fleet) newService(t *testing.T, port uint16) *service {
	t.Helper()
	s := &service{address: netip.AddrPortFrom(f.control.Address, port).String()}
	s.open = func() net.Listener {
		t.Helper()
		l, err := f.control.Listen(port)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_ = conn.Close()
			}
		}()
		return l
	}
	s.l = s.open()
	t.Cleanup(s.fail)
	return s
}

func (s *service) fail()    { _ = s.l.Close() }
func (s *service) recover() { s.l = s.open() }

// event is a change of state that the cluster has decided.
type event struct {
	ID       uint64
	Key, To  string
	Baseline bool
}

// events returns what one node knows of the events of key, oldest first.
func (f *fleet) events(m *machine, key string) ([]event, error) {
	text, err := f.get(m, "/v1/events?key="+key)
	if err != nil {
		return nil, err
	}
	var list struct{ Events []event }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	slices.SortFunc(list.Events, func(a, b event) int { return int(a.ID) - int(b.ID) })
	return list.Events, nil
}

// states returns a condition of eventually: on every one of the machines the
// endpoint has gone through these states, and no others.
func (f *fleet) states(key string, machines []*machine, want ...string) func() error {
	return func() error {
		for _, m := range machines {
			events, err := f.events(m, key)
			if err != nil {
				return err
			}
			var to []string
			for _, e := range events {
				to = append(to, e.To)
			}
			if !slices.Equal(to, want) {
				return fmt.Errorf("on %s, %s has gone through %v, and not %v", m.name, key, to, want)
			}
		}
		return nil
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
		eventually(t, time.Minute, f.states(key, f.machines, "UP"))
	}

	w := f.write()
	failing := time.AfterFunc(20*time.Second, ill.fail)
	f.binary = f.build(t, "tocsin-2", secondVersion)
	f.play(t, "run.yml")
	if failing.Stop() {
		t.Error("the upgrade had ended before an endpoint could fail in it")
		ill.fail()
	}
	eventually(t, time.Minute, f.whole(secondVersion, f.machines...))
	eventually(t, time.Minute, f.states("ill", f.machines, "UP", "DOWN"))
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
	eventually(t, time.Minute, f.states("ill", f.machines, "UP", "DOWN", "UP"))
}

// hold requires that every node holds what was acknowledged.
func (f *fleet) hold(t *testing.T, acknowledged map[string]string) {
	t.Helper()
	for _, m := range f.machines {
		text, err := f.get(m, "/status")
		if err != nil {
			t.Error(err)
			continue
		}
		var all map[string]string
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Error(err)
			continue
		}
		for key, value := range acknowledged {
			if all[key] != value {
				t.Errorf("%s holds %q of %s, and %q was acknowledged", m.name, all[key], key, value)
			}
		}
	}
}

// writer writes one endpoint after the other through one node after the other.
type writer struct {
	stop   chan struct{} // closed by end
	done   sync.WaitGroup
	wrote  map[string]string
	failed int
}

func (f *fleet) write() *writer {
	w := &writer{stop: make(chan struct{}), wrote: make(map[string]string)}
	machines := slices.Clone(f.machines)
	w.done.Go(func() {
		pace := time.NewTicker(200 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			key, value := fmt.Sprintf("w%d", i%50), fmt.Sprintf("127.0.0.1:%d", i+1)
			if _, err := f.get(machines[i%len(machines)], "/set?key="+key+"&value="+value); err == nil {
				w.wrote[key] = value
			} else {
				// It may have been done all the same: nobody can tell what is there.
				delete(w.wrote, key)
				w.failed++
			}
			select {
			case <-pace.C:
			case <-w.stop:
				return
			}
		}
	})
	return w
}

func (w *writer) end() map[string]string {
	close(w.stop)
	w.done.Wait()
	return maps.Clone(w.wrote)
}

// replace loses a machine for good, and puts a new one in its place.
func (f *fleet) replace(t *testing.T) {
	t.Helper()
	lost := f.machines[1]
	lost.off()
	left := slices.DeleteFunc(slices.Clone(f.machines), func(m *machine) bool { return m == lost })
	f.play(t, "playbooks/remove.yml", "-e", "node="+lost.name)
	eventually(t, time.Minute, f.whole(secondVersion, left...))

	f.machines = left
	f.add(t, lost.site)
	f.list(t)
	f.await(t)
	f.play(t, "run.yml")
	eventually(t, time.Minute, f.whole(secondVersion, f.machines...))
}

// loseSite cuts a site off: the others go on, and it comes back by itself.
func (f *fleet) loseSite(t *testing.T) {
	t.Helper()
	const site = "north-2"
	at := make(map[string]string)
	var others []*machine
	for _, m := range f.machines {
		at[m.name] = m.site
		if m.site != site {
			others = append(others, m)
		}
	}
	s := f.newService(t, 9003)
	if said, err := f.command(t, "./write.sh", "lost", s.address); err != nil {
		t.Fatalf("write.sh: %v: %s", err, said)
	}
	eventually(t, time.Minute, f.states("lost", f.machines, "UP"))
	f.net.Obey(func(p lan.Packet) lan.Link {
		return lan.Link{Cut: (at[p.From] == site) != (at[p.To] == site)}
	})
	s.fail()
	eventually(t, time.Minute, f.states("lost", others, "UP", "DOWN"))
	f.net.Obey(func(lan.Packet) lan.Link { return lan.Link{} })
	eventually(t, time.Minute, f.states("lost", f.machines, "UP", "DOWN"))
	eventually(t, time.Minute, f.whole(secondVersion, f.machines...))
	if err := f.states("well", f.machines, "UP")(); err != nil {
		t.Error(errors.Join(errors.New("an endpoint that was well all the time has changed"), err))
	}
}
