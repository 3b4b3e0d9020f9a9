//go:build linux

package lan_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tocsin/hosttest/lan"
)

const port = 7

// pair returns two hosts on one network.
func pair(t *testing.T) (n *lan.Net, a, b *lan.Host) {
	t.Helper()
	if err := lan.Possible(); err != nil {
		t.Skip(err)
	}
	n = lan.New()
	t.Cleanup(n.Close)
	var hosts [2]*lan.Host
	for i, name := range []string{"a", "b"} {
		h, err := n.Add(name, byte(i+1))
		if err != nil {
			t.Fatal(err)
		}
		hosts[i] = h
	}
	return n, hosts[0], hosts[1]
}

// echo answers each connection to h with what it says.
func echo(t *testing.T, h *lan.Host) {
	t.Helper()
	l, err := h.Listen(port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
}

// ask has h say a word to address, and returns what keeps it from hearing it.
func ask(t *testing.T, h *lan.Host, address netip.Addr, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	c, err := h.DialContext(ctx, "tcp", netip.AddrPortFrom(address, port).String())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "word"); err != nil {
		return err
	}
	_, err = io.ReadFull(c, make([]byte, 4))
	return err
}

func TestHosts_ReachEachOther(t *testing.T) {
	_, a, b := pair(t)
	echo(t, b)
	for _, at := range []netip.Addr{b.Address, b.Address6} {
		if !at.IsValid() {
			continue // the kernel has no IPv6
		}
		if err := ask(t, a, at, 5*time.Second); err != nil {
			t.Error(err)
		}
	}
}

func TestSwitch_ObeysItsRule(t *testing.T) {
	const short = 300 * time.Millisecond
	for _, test := range []struct {
		what  string
		rule  lan.Rule
		limit time.Duration
		cut   bool
		least time.Duration // that it takes
	}{
		{"all is cut", func(lan.Packet) lan.Link { return lan.Link{Cut: true} }, short, true, short},
		{"the way there is cut", func(p lan.Packet) lan.Link { return lan.Link{Cut: p.From == "a"} }, short, true, short},
		{"the way back is cut", func(p lan.Packet) lan.Link { return lan.Link{Cut: p.From == "b"} }, short, true, short},
		{"the port is cut", func(p lan.Packet) lan.Link { return lan.Link{Cut: p.TCP && p.About(port)} }, short, true, short},
		{"another port is cut", func(p lan.Packet) lan.Link { return lan.Link{Cut: p.About(port + 1)} }, 5 * time.Second, false, 0},
		{"all is lost", func(lan.Packet) lan.Link { return lan.Link{Loss: 1} }, short, true, short},
		{"a tenth is lost", func(lan.Packet) lan.Link { return lan.Link{Loss: 0.1} }, time.Minute, false, 0},
		{"all comes twice", func(lan.Packet) lan.Link { return lan.Link{Duplicate: 1} }, 5 * time.Second, false, 0},
		{"it takes long", func(lan.Packet) lan.Link { return lan.Link{Delay: 100 * time.Millisecond, Jitter: time.Millisecond} }, 5 * time.Second, false, 400 * time.Millisecond},
	} {
		t.Run(test.what, func(t *testing.T) {
			n, a, b := pair(t)
			echo(t, b)
			n.Obey(test.rule)
			for _, at := range []netip.Addr{b.Address, b.Address6} {
				if !at.IsValid() {
					continue // the kernel has no IPv6
				}
				began := time.Now()
				err := ask(t, a, at, test.limit)
				if took := time.Since(began); (err != nil) != test.cut || took < test.least {
					t.Errorf("to %v it took %v and ended with %v", at, took, err)
				}
			}
		})
	}
}

func TestHost_SmallDiskIsItsOwnAndFills(t *testing.T) {
	_, a, b := pair(t)
	dir := t.TempDir()
	if err := a.SmallDisk(dir, 1<<20); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(a.Path(name), make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("2 MiB on a disk of 1 MiB: %v", err)
	}
	for _, other := range []string{name, b.Path(name)} {
		if _, err := os.Stat(other); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v, and it is on the disk of another host", other, err)
		}
	}
}
