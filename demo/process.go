//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a child of the demo. It ends when the demo says so; on Linux also
// when the demo is killed and can say nothing any more.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // the file that takes what it prints
	done chan struct{} // closed once it has ended and err is set
	err  error
}

// startProcess runs binary with args; what it prints goes to the end of log.
func startProcess(name, log, binary string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer out.Close()
	p := &process{name: name, cmd: exec.Command(binary, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = ownEnvironment()
	p.cmd.SysProcAttr = endsWithUs()
	// A group of its own: Ctrl-C on the terminal is for the demo, which then
	// ends its children in good order.
	p.cmd.SysProcAttr.Setpgid = true
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { // ends with the child; stop and kill wait for it
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// ended reports whether the process is no more.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill is SIGKILL, the end without a last word, and returns when it has come.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // the only fault is that it has ended already
	<-p.done
}

// stop asks the process to end, and after grace no longer asks.
func (p *process) stop(grace time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
		p.kill()
	}
}

// lastWords returns the end of what the process printed.
func (p *process) lastWords() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// ownEnvironment is ours without TOCSIN_ variables: each would be a flag of the
// agents that the demo does not know of.
func ownEnvironment() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "TOCSIN_") {
			env = append(env, e)
		}
	}
	return env
}
