//go:build linux

package hosttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machineKinds spoil disks and processors.
func machineKinds() []kind {
	return []kind{
		{"a disk is full", fullDisk},
		{"a disk is slow", syncs("delay_enter=300000", 4*time.Second, 9*time.Second, false)},
		{"a disk is very slow", syncs("delay_enter=2000000", 6*time.Second, 12*time.Second, false)},
		{"a disk fails now and then", syncs("error=EIO:when=3+5", 4*time.Second, 9*time.Second, true)},
		{"a disk fails", syncs("error=EIO", 4*time.Second, 9*time.Second, true)},
		{"a node has 5 % of a processor", throttled},
	}
}

// fullDisk fills the small disk of a node to the last byte.
func fullDisk(s *Storm, _ context.Context) (*wound, error) {
	n := s.free()
	if n == nil || !n.small {
		return nil, nil
	}
	ballast := filepath.Join(n.files(), "ballast")
	if err := fill(ballast); err != nil {
		return nil, err
	}
	return &wound{
		whom: n.name, lasts: s.between(4*time.Second, 12*time.Second), victims: []string{n.name}, contained: true,
		end: func() error { return os.Remove(ballast) },
	}, nil
}

// fill writes a file until there is no room for more.
func fill(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	block := make([]byte, 64<<10)
	for size := len(block); size > 0 && err == nil; {
		if _, err = f.Write(block[:size]); errors.Is(err, syscall.ENOSPC) && size > 512 {
			size, err = size/2, nil
		}
	}
	if closing := f.Close(); !errors.Is(err, syscall.ENOSPC) || closing != nil {
		return errors.Join(err, closing)
	}
	return nil
}

// syncs spoils what a node does to make its writes durable: how is an injection
// in the words of strace. A node need not survive what is fatal.
func syncs(how string, least, most time.Duration, fatal bool) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, _ context.Context) (*wound, error) {
		n := s.free()
		if n == nil {
			return nil, nil
		}
		l := n.life()
		if fatal {
			l.doomed.Store(true)
		}
		tracer := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-p", strconv.Itoa(l.pid()),
			"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:"+how)
		said := &strings.Builder{}
		tracer.Stderr = said
		tracer.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := n.host.Start(tracer); err != nil {
			return nil, err
		}
		s.record.fault("%sits syncs do %s", slowly(n.name), how)
		certain := s.world.doubtful(n.name)
		return &wound{
			whom: n.name, lasts: s.between(least, most), victims: []string{n.name}, contained: true,
			end: func() error {
				letGo(tracer)
				certain()
				if said.Len() > 0 {
					s.record.fault("strace about %s: %s", n.name, strings.TrimSpace(said.String()))
				}
				// It grumbles about events that it did not expect, and goes on.
				if strings.Contains(said.String(), "attach") && !l.over() {
					return fmt.Errorf("strace can't hold %s: %s", n.name, said)
				}
				if fatal {
					return s.afterFatal(n, l)
				}
				return nil
			},
		}, nil
	}
}

// letGo ends strace, so that what it traces goes on by itself. Where it meets a
// process that is about to start another, it and they wait for each other for
// ever: then the kernel sets them free.
func letGo(tracer *exec.Cmd) {
	const patience = 3 * time.Second
	_ = tracer.Process.Signal(syscall.SIGTERM) // it may have ended with what it traced
	free := time.AfterFunc(patience, func() { _ = tracer.Process.Kill() })
	defer free.Stop()
	_ = tracer.Wait() // it ends by a signal
}

// afterFatal has a node up that may have ended. It may be about to.
func (s *Storm) afterFatal(n *node, l *life) error {
	if !l.over() {
		s.end(n, syscall.SIGKILL)
	} else {
		s.Say("          it ended by itself: %s", l.said(1))
	}
	return s.start(n)
}

// throttled gives a node a twentieth of a processor.
func throttled(s *Storm, _ context.Context) (*wound, error) {
	n := s.free()
	if n == nil {
		return nil, nil
	}
	group, err := newGroup(n.name)
	if err != nil {
		return nil, err
	}
	if err := group.take(n.life().pid()); err != nil {
		return nil, errors.Join(err, group.release())
	}
	s.record.fault("%sit has 5 %% of a processor", slowly(n.name))
	certain := s.world.doubtful(n.name)
	return &wound{
		whom: n.name, lasts: s.between(5*time.Second, 10*time.Second), victims: []string{n.name}, contained: true,
		end: func() error { certain(); return group.release() },
	}, nil
}
