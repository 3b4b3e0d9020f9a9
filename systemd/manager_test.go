package systemd_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/systemd"
)

const process = 4711

// manager is a service manager that hears what it is told.
type manager struct{ *net.UnixConn }

func newManager(t *testing.T) (heard manager, env map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return manager{conn}, map[string]string{"NOTIFY_SOCKET": path}
}

// next returns the next message. It fails the test if none comes.
func (m manager) next(t *testing.T) string {
	t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	n, err := m.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

func find(t *testing.T, env map[string]string) *systemd.Manager {
	t.Helper()
	m, err := systemd.Find(func(name string) string { return env[name] }, process)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestManager_IsTold(t *testing.T) {
	heard, env := newManager(t)
	m := find(t, env)
	if err := m.Ready("node a\nserves"); err != nil {
		t.Fatal(err)
	}
	if got, want := heard.next(t), "READY=1\nSTATUS=node a serves"; got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	if err := m.Stopping(); err != nil {
		t.Fatal(err)
	}
	if got := heard.next(t); !strings.HasPrefix(got, "STOPPING=1\n") {
		t.Errorf("heard %q", got)
	}
}

func TestManager_ThatNobodyAskedForIsSilent(t *testing.T) {
	m := find(t, map[string]string{"WATCHDOG_USEC": "1000"})
	if err := errors.Join(m.Ready(""), m.Stopping(), m.Close()); err != nil {
		t.Error(err)
	}
	m.Watch(t.Context(), func() error { t.Error("asked for progress"); return nil }, slog.New(slog.DiscardHandler))
	var none *systemd.Manager
	if err := errors.Join(none.Ready(""), none.Close()); err != nil {
		t.Error(err)
	}
}

func TestFind_RefusesWhatItCantUnderstand(t *testing.T) {
	for what, env := range map[string]map[string]string{
		"no path":            {"NOTIFY_SOCKET": "notify"},
		"nobody there":       {"NOTIFY_SOCKET": filepath.Join(t.TempDir(), "nobody")},
		"no number":          {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"},
		"never":              {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"},
		"more than is asked": {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "999999999999999999"},
	} {
		if _, err := systemd.Find(func(name string) string { return env[name] }, process); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestWatch_FeedsOnlyProgress(t *testing.T) {
	heard, env := newManager(t)
	env["WATCHDOG_USEC"], env["WATCHDOG_PID"] = "2000", "4711"
	m := find(t, env)
	var stalls atomic.Bool
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	asked := make(chan struct{}, 1)
	go func() {
		defer close(ended)
		m.Watch(ctx, func() error {
			if stalls.Load() {
				select {
				case asked <- struct{}{}:
				default:
				}
				return errors.New("it stands still")
			}
			return nil
		}, slog.New(slog.DiscardHandler))
	}()
	for range 3 {
		if got := heard.next(t); got != "WATCHDOG=1" {
			t.Fatalf("heard %q", got)
		}
	}
	stalls.Store(true)
	for range 5 {
		<-asked
	}
	// What was fed before it stood still, and nothing more, lies in the socket.
	fed := 0
	for buffer := make([]byte, 64); ; fed++ {
		if err := heard.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := heard.Read(buffer); err != nil {
			break
		}
		if fed > 100 {
			t.Fatal("the watchdog is fed while there is no progress")
		}
	}
	stalls.Store(false)
	if got := heard.next(t); got != "WATCHDOG=1" {
		t.Errorf("heard %q", got)
	}
	stop()
	<-ended
}

func TestWatch_IsNotForOthers(t *testing.T) {
	_, env := newManager(t)
	env["WATCHDOG_USEC"], env["WATCHDOG_PID"] = "2000", "1"
	find(t, env).Watch(t.Context(), func() error { t.Error("asked for progress"); return nil }, slog.New(slog.DiscardHandler))
}
