//go:build linux

package hosttest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hosttest/lan"
)

const worldName = "world"

// Ports of what is watched over the network.
const (
	tcpTarget  = 9001
	httpTarget = 9002
)

// written are the keys that clients write; each has two targets.
var written = []string{"s0", "s1", "s2"}

// world is what the targets of endpoints really are, and what each node sees of
// them. A target is an endpoint's value. It may be used from any goroutine.
type world struct {
	record *recorder
	host   *lan.Host
	nodes  []*node

	mu        sync.Mutex
	endpoints map[string]endpoint
	targets   []string
	truth     map[string]health.Status
	blind     map[string]int // of nodes: how many faults hide everything from it
	listener  net.Listener   // of tcpTarget; nil while it is down
	page      *http.Server
}

// endpoint is how a key begins.
type endpoint struct {
	value string
	check fsm.Check
}

// first is the command that adds it.
func (e endpoint) first(key string) fsm.SetEndpoint {
	c := fsm.SetEndpoint{Key: key, Value: e.value}
	if e.check != fsm.CheckScript {
		c.Overrides = &fsm.Overrides{Check: &e.check}
	}
	return c
}

func newWorld(record *recorder, host *lan.Host, nodes []*node) *world {
	return &world{
		record: record, host: host, nodes: nodes,
		endpoints: map[string]endpoint{}, truth: map[string]health.Status{}, blind: map[string]int{},
	}
}

// target is what value number v of a key stands for.
func target(key string, v int) string { return fmt.Sprintf("%s/%d", key, v) }

// fill draws what the world is like at first.
func (w *world) fill(dice *rand.Rand) error {
	at := func(port int) string { return fmt.Sprintf("%s:%d", w.host.Address, port) }
	w.endpoints["tcp"] = endpoint{at(tcpTarget), fsm.CheckTCP}
	w.endpoints["http"] = endpoint{"http://" + at(httpTarget) + "/", fsm.CheckHTTP}
	for _, key := range written {
		w.endpoints[key] = endpoint{target(key, 0), fsm.CheckScript}
		w.targets = append(w.targets, target(key, 0), target(key, 1))
	}
	w.targets = append(w.targets, w.endpoints["tcp"].value, w.endpoints["http"].value)
	l, err := w.host.Listen(httpTarget)
	if err != nil {
		return err
	}
	w.page = &http.Server{Handler: http.HandlerFunc(w.answer), ReadHeaderTimeout: time.Minute}
	go func() { _ = w.page.Serve(l) }() // until Close
	var errs []error
	for _, t := range w.targets {
		errs = append(errs, w.set(t, []health.Status{health.Up, health.Up, health.Down}[dice.IntN(3)]))
	}
	return errors.Join(errs...)
}

// answer is the page of httpTarget.
func (w *world) answer(out http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	up := w.truth[w.endpoints["http"].value] == health.Up
	w.mu.Unlock()
	if !up {
		out.WriteHeader(http.StatusServiceUnavailable)
	}
}

// set says what a target really is. It is written down before it is so: nobody
// sees what was not yet written.
func (w *world) set(target string, s health.Status) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.truth[target] = s
	var errs []error
	for _, n := range w.nodes {
		errs = append(errs, w.showLocked(n, target))
	}
	if target == w.endpoints["tcp"].value {
		errs = append(errs, w.listenLocked(s == health.Up))
	}
	return errors.Join(errs...)
}

// showLocked lets a node see a target as it is to see it.
func (w *world) showLocked(n *node, target string) error {
	s := w.truth[target]
	if w.blind[n.name] > 0 {
		s = health.Down
	}
	w.record.sight(n.name, target, s)
	return replace(filepath.Join(n.dir, "world", strings.ReplaceAll(target, "/", "_")), s.String()+"\n")
}

func (w *world) listenLocked(up bool) (err error) {
	switch {
	case up && w.listener == nil:
		if w.listener, err = w.host.Listen(tcpTarget); err != nil {
			return err
		}
		go accept(w.listener)
	case !up && w.listener != nil:
		err = w.listener.Close()
		w.listener = nil
	}
	return err
}

// accept takes every connection and drops it.
func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.Close()
	}
}

// hide makes nodes see everything DOWN, until the function it returns is
// called. What is watched over the network the caller has to cut.
func (w *world) hide(names []string) (end func() error) {
	change := func(by int) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		var errs []error
		for _, name := range names {
			w.blind[name] += by
			errs = append(errs, w.showAllLocked(name))
		}
		return errors.Join(errs...)
	}
	err := change(1)
	return func() error { return errors.Join(err, change(-1)) }
}

func (w *world) showAllLocked(name string) error {
	var errs []error
	for _, n := range w.nodes {
		if n.name == name {
			for _, t := range w.targets {
				errs = append(errs, w.showLocked(n, t))
			}
		}
	}
	return errors.Join(errs...)
}

// doubtful writes down, until the function it returns is called, that a node
// may see anything either way: it is too slow for the deadlines of its checks.
func (w *world) doubtful(name string) (end func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			for _, t := range w.targets {
				w.record.sight(name, t, health.Down)
				w.record.sight(name, t, health.Up)
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-done
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, t := range w.targets {
			s := w.truth[t]
			if w.blind[name] > 0 {
				s = health.Down
			}
			w.record.sight(name, t, s)
		}
	}
}

// flip makes one target UP that was DOWN, or the other way round.
func (w *world) flip(dice *rand.Rand) error {
	t := w.targets[dice.IntN(len(w.targets))]
	s := health.Down
	if w.all()[t] == health.Down {
		s = health.Up
	}
	return w.set(t, s)
}

// all returns what each target really is.
func (w *world) all() map[string]health.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	truth := map[string]health.Status{}
	maps.Copy(truth, w.truth)
	return truth
}

func (w *world) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.page != nil {
		_ = w.page.Close() // nobody asks any more
	}
	if w.listener != nil {
		_ = w.listener.Close()
	}
}

// exists reports whether there is a file.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
