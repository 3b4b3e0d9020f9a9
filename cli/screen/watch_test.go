package screen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sights are what a watcher sees, one after the other, the last one for ever. A
// sight that begins with "!" is an error, and what stands behind a "~" makes no
// difference.
type sights struct {
	all  []string
	seen int
}

func (s *sights) look(context.Context) ([]byte, string, error) {
	text := s.all[min(s.seen, len(s.all)-1)]
	s.seen++
	if fault, ok := strings.CutPrefix(text, "!"); ok {
		return nil, "", errors.New(fault)
	}
	same, _, _ := strings.Cut(text, "~")
	return []byte(text + "\n"), same, nil
}

// watchFor watches for so many seconds.
func watchFor(t *testing.T, seconds int, size func() (int, int), all ...string) (out, words string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second+time.Millisecond)
	defer cancel()
	w := &Watcher{
		Look: (&sights{all: all}).look, Out: &stdout, Size: size,
		Head:     func(time.Time) string { return "== " },
		Complain: func(err error) { fmt.Fprintln(&stderr, err) },
	}
	err = w.Run(ctx)
	return stdout.String(), stderr.String(), err
}

func terminalOf(columns, rows int) func() (int, int) {
	return func() (int, int) { return columns, rows }
}

func TestWatch_AppendsWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, words, err := watchFor(t, 9, nil, "a~1", "a~2", "b", "!gone", "!gone", "b~3", "!other", "a")
		if want := "== a~1\n== b\n== a\n"; out != want || words != "gone\nother\n" || err != nil {
			t.Errorf("%v, %q\n%s, want\n%s", err, words, out, want)
		}
	})
}

func TestWatch_BeginsWithAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []func() (int, int){nil, terminalOf(80, 24)} {
			if out, _, err := watchFor(t, 9, size, "!nobody"); err == nil || out != "" {
				t.Errorf("%v, %q", err, out)
			}
		}
	})
}

// TestWatch_OnATerminal: each second the page is drawn from the top, with a line
// that tells its age, and afterwards the terminal is as it was.
func TestWatch_OnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, words, err := watchFor(t, 3, terminalOf(80, 5), "a~1", "a~2", "!gone", "one\ntwo\nthree\nfour")
		pages := strings.Split(out, toTop)
		if err != nil || words != "" || len(pages) != 5 || pages[0] != openPage || !strings.HasSuffix(out, closePage) {
			t.Fatalf("%v, %q, %q", err, words, pages)
		}
		for i, want := range []string{
			"a~1||unchanged for 0.0s; ctrl-c ends", "a~2||unchanged for 1.0s; ctrl-c ends", "a~2||1.0s old: gone",
			"one|two|… and 2 lines more||unchanged for 0.0s; ctrl-c ends",
		} {
			page := strings.NewReplacer(clearLine, "", clearRest, "", closePage, "", "\r\n", "|").Replace(pages[i+1])
			if page != want {
				t.Errorf("page %d: %q, want %q", i, page, want)
			}
		}
	})
}
