package screen

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Terminal returns how large the terminal is that to writes to, at the moment when
// it is asked; nil if to is none that can be drawn on.
func Terminal(to io.Writer) (size func() (columns, rows int)) {
	file, ok := to.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return nil
	}
	ask := func() (*unix.Winsize, error) { return unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ) }
	if _, err := ask(); err != nil {
		return nil
	}
	return func() (columns, rows int) {
		if s, err := ask(); err == nil && s.Row > 0 && s.Col > 0 {
			return int(s.Col), int(s.Row)
		}
		return Width, 24 // one that does not tell
	}
}

// wantsColours reports whether colours are welcome.
func wantsColours(to io.Writer) bool { return os.Getenv("NO_COLOR") == "" && Terminal(to) != nil }

// Unread reports whether nobody reads any more what is written to to: the other end
// of a pipe was closed, or the terminal.
func Unread(to io.Writer) bool {
	file, ok := to.(*os.File)
	if !ok {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(file.Fd())}} // no events: what is asked for is told unasked
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}
