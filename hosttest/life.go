//go:build linux

package hosttest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"tocsin/clustertest/check"
)

// goodEnd is how long an orderly stop may take.
const goodEnd = 20 * time.Second

// life is one process of a node.
type life struct {
	check.Life // Node, Number, From, Fresh; the rest when it is over
	cmd        *exec.Cmd
	logName    string
	done       chan struct{} // closed when it has ended
	// doomed says that it may end now: it was told to, or something was done to
	// it that it need not survive.
	doomed atomic.Bool
}

func (l *life) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

func (l *life) pid() int { return l.cmd.Process.Pid }

// said returns the last lines that it printed.
func (l *life) said(lines int) string {
	text, err := os.ReadFile(l.logName)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// launch starts the next process of a node.
func (c *Cluster) launch(n *node, flags ...string) (*life, error) {
	l := &life{
		Life: check.Life{Node: n.name, Number: len(n.lives) + 1, Fresh: n.fresh},
		done: make(chan struct{}),
	}
	l.logName = filepath.Join(n.dir, fmt.Sprintf("%d.log", l.Number))
	log, err := os.Create(l.logName)
	if err != nil {
		return nil, err
	}
	l.cmd = exec.Command(n.binary, append(n.flags, flags...)...)
	l.cmd.Stdout, l.cmd.Stderr = log, log
	l.cmd.Env = environment()
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	l.cmd.WaitDelay = time.Second
	l.From = c.record.now()
	if err := n.host.Start(l.cmd); err != nil {
		_ = log.Close() // it is empty
		return nil, fmt.Errorf("start %s: %w", n.name, err)
	}
	n.fresh = false
	n.lives = append(n.lives, l)
	go func() {
		_ = l.cmd.Wait() // how it ended is in cmd.ProcessState
		_ = log.Close()  // the process has written it, not we
		l.To = max(c.record.now(), 1)
		l.Killed = !l.cmd.ProcessState.Success()
		close(l.done)
	}()
	return l, nil
}

// start starts a node that is to stay up.
func (c *Cluster) start(n *node, flags ...string) error {
	l, err := c.launch(n, flags...)
	if err != nil {
		return err
	}
	c.record.fault("%s is started, life %d", n.name, l.Number)
	c.noteLinks()
	c.watching.Go(func() { c.watch(n, l) })
	return nil
}

// kill ends a node as a power failure of its own would.
func (c *Cluster) kill(n *node) { c.end(n, syscall.SIGKILL) }

// end ends a node by a signal and waits for its end.
func (c *Cluster) end(n *node, signal syscall.Signal) {
	if !n.runs() {
		return
	}
	l := n.life()
	l.doomed.Store(true)
	c.thaw(n)
	_ = l.cmd.Process.Signal(signal) // it may have ended by itself meanwhile
	select {
	case <-l.done:
	case <-time.After(goodEnd):
		c.record.broken("%s has not ended %v after %v", n.name, goodEnd, signal)
		_ = syscall.Kill(-l.pid(), syscall.SIGKILL)
		<-l.done
	}
	c.noteLinks()
}

// stop ends some nodes in good order, all at once.
func (c *Cluster) stop(nodes ...*node) {
	for _, n := range nodes {
		if n.runs() {
			n.life().doomed.Store(true)
			c.thaw(n)
			_ = n.life().cmd.Process.Signal(syscall.SIGTERM) // end does it again
		}
	}
	for _, n := range nodes {
		if !n.runs() {
			continue
		}
		l := n.life()
		c.await(l)
		if code := l.cmd.ProcessState.ExitCode(); code != 0 {
			c.record.broken("%s ended with %d after SIGTERM:\n%s", n.name, code, l.said(5))
		}
	}
	c.noteLinks()
}

// await waits until a process that was told to has ended.
func (c *Cluster) await(l *life) {
	select {
	case <-l.done:
	case <-time.After(goodEnd):
		c.record.broken("%s has not ended %v after SIGTERM", l.Node, goodEnd)
		_ = syscall.Kill(-l.pid(), syscall.SIGKILL)
		<-l.done
	}
}

// freeze makes a node stand still, until thaw. Its scripts go on.
func (c *Cluster) freeze(n *node) {
	n.frozen = true
	_ = n.life().cmd.Process.Signal(syscall.SIGSTOP) // what has ended stands still too
	c.noteLinks()
}

func (c *Cluster) thaw(n *node) {
	if !n.frozen {
		return
	}
	n.frozen = false
	c.noteLinks()
	_ = n.life().cmd.Process.Signal(syscall.SIGCONT)
}

// environment is ours without what would change the agents.
func environment() []string {
	var kept []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "TOCSIN_") && !strings.HasPrefix(e, "GORACE=") {
			kept = append(kept, e)
		}
	}
	return append(kept, "GORACE="+cmp.Or(os.Getenv("GORACE"), "atexit_sleep_ms=20"))
}
