//go:build linux

package ansible_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

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
	f.story.Cleanup(s.fail)
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
