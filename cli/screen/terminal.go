package screen

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Terminal returns how high the terminal is that to writes to, at the moment
// when it is asked; nil if to is none that can be drawn on.
func Terminal(to io.Writer) (rows func() int) {
	file, ok := to.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return nil
	}
	size := func() (*unix.Winsize, error) { return unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ) }
	if _, err := size(); err != nil {
		return nil
	}
	return func() int {
		if s, err := size(); err == nil && s.Row > 0 {
			return int(s.Row)
		}
		return 24 // one that does not tell
	}
}

// wantsColours reports whether colours are welcome.
func wantsColours(to io.Writer) bool { return os.Getenv("NO_COLOR") == "" && Terminal(to) != nil }
