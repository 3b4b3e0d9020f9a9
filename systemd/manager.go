package systemd

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// The variables by which the service manager says where and how often it wants
// to hear from us.
const (
	socketVariable   = "NOTIFY_SOCKET"
	watchdogVariable = "WATCHDOG_USEC"
	processVariable  = "WATCHDOG_PID"
)

// Manager is the service manager that started this process. A nil one, and one
// that nobody asked for, is silent.
type Manager struct {
	conn net.Conn
	// every is how long the manager waits for a sign of progress before it ends
	// us; 0: it does not.
	every time.Duration
}

// Find returns the manager that the environment speaks of: a silent one if it
// speaks of none. The process is the id of this one: a watchdog meant for another
// is not ours to feed.
func Find(getenv func(string) string, process int) (*Manager, error) {
	socket := getenv(socketVariable)
	if socket == "" {
		return &Manager{}, nil
	}
	if socket[0] != '/' && socket[0] != '@' {
		return nil, fmt.Errorf("%s is %.200q, and neither a path nor an abstract socket", socketVariable, socket)
	}
	every, err := watchdog(getenv, process)
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("unixgram", socket)
	if err != nil {
		return nil, fmt.Errorf("reach the service manager by %s: %w", socketVariable, err)
	}
	return &Manager{conn: conn, every: every}, nil
}

func watchdog(getenv func(string) string, process int) (time.Duration, error) {
	text := getenv(watchdogVariable)
	if text == "" {
		return 0, nil
	}
	if whose := getenv(processVariable); whose != "" && whose != strconv.Itoa(process) {
		return 0, nil
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil || micros <= 0 || micros > int64(24*time.Hour/time.Microsecond) {
		return 0, fmt.Errorf("%s is %.80q, and not a number of microseconds up to a day", watchdogVariable, text)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// Ready says that the start is over and that we serve. The status is one line for
// whoever asks systemctl.
func (m *Manager) Ready(status string) error { return m.tell("READY=1", "STATUS="+oneLine(status)) }

// Stopping says that we are about to end, in good order.
func (m *Manager) Stopping() error { return m.tell("STOPPING=1", "STATUS=stopping") }

// Close lets go of the manager. Nothing can be told any more.
func (m *Manager) Close() error {
	if m == nil || m.conn == nil {
		return nil
	}
	return m.conn.Close()
}

func (m *Manager) tell(lines ...string) error {
	if m == nil || m.conn == nil {
		return nil
	}
	if _, err := m.conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("tell the service manager %s: %w", lines[0], err)
	}
	return nil
}

// oneLine keeps a status from being read as another message.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
