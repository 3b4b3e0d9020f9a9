package screen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"tocsin/prose"
)

const (
	// watchPause is how long a watch waits before it asks again, watchTimeout how
	// long it waits for an answer.
	watchPause   = time.Second
	watchTimeout = 5 * time.Second
)

// The codes that a terminal is told. A watch draws on the second page that
// terminals have, so that the first one is as it was when it ends.
const (
	openPage  = "\x1b[?1049h\x1b[?25l" // and no cursor
	closePage = "\x1b[?25h\x1b[?1049l"
	toTop     = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// Watcher shows something again and again: on a terminal in the same place, with
// a line that says how old it is, and elsewhere one below the other whenever it
// has changed.
type Watcher struct {
	// Look returns what is to be shown. Sameness is equal for two that differ in
	// nothing but how old they are.
	Look func(context.Context) (text []byte, sameness string, err error)
	Out  io.Writer
	// Size is how large the terminal is at this moment; nil if there is none.
	Size func() (columns, rows int)
	// Head stands above each, where there is no terminal.
	Head func(time.Time) string
	// Complain says what went wrong, where there is no terminal.
	Complain func(error)

	text     []byte
	sameness string
	seen     time.Time // when text came
	changed  time.Time
	fault    string
}

// Run watches until ctx ends. That nothing could be seen is an error only at
// first: later it is what there is to see.
func (w *Watcher) Run(ctx context.Context) error {
	if err := w.ask(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if w.Size != nil {
		if _, err := io.WriteString(w.Out, openPage); err != nil {
			return err
		}
		defer func() { _, _ = io.WriteString(w.Out, closePage) }()
	}
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	for {
		if err := w.draw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := w.ask(ctx); err != nil && ctx.Err() == nil {
			w.failed(err)
		}
	}
}

func (w *Watcher) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	text, sameness, err := w.Look(ctx)
	if err != nil {
		return err
	}
	w.seen, w.fault = time.Now(), ""
	if w.Size != nil {
		w.text = text // what is older by a second is drawn anew
	}
	if sameness != w.sameness {
		w.text, w.sameness, w.changed = text, sameness, w.seen
	}
	return nil
}

func (w *Watcher) failed(err error) {
	if text := prose.OneLine(err.Error()); text != w.fault {
		w.fault = text
		if w.Size == nil {
			w.Complain(err)
		}
	}
}

func (w *Watcher) draw() error {
	if w.Size != nil {
		_, err := w.Out.Write(w.page())
		return err
	}
	if w.text == nil {
		return nil
	}
	_, err := fmt.Fprintf(w.Out, "%s%s", w.Head(w.changed), w.text)
	w.text = nil // it is shown once
	return err
}

// page is what fills the terminal, from the top.
func (w *Watcher) page() []byte {
	lines := bytes.Split(bytes.TrimSuffix(w.text, []byte("\n")), []byte("\n"))
	var page bytes.Buffer
	page.WriteString(toTop)
	columns, rows := w.Size()
	if room := max(rows-2, 1); len(lines) > room {
		more := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], fmt.Appendf(nil, "… and %d lines more", more))
	}
	for _, line := range lines {
		fmt.Fprintf(&page, "%s%s\r\n", line, clearLine)
	}
	fmt.Fprintf(&page, "%s\r\n%s%s%s", clearLine, Cut(w.age(), columns), clearLine, clearRest)
	return page.Bytes()
}

// age says how old what is shown is.
func (w *Watcher) age() string {
	if w.fault != "" {
		return fmt.Sprintf("%s old: %s", Ago(time.Since(w.seen)), Clean(w.fault))
	}
	return fmt.Sprintf("unchanged for %s; ctrl-c ends", Ago(time.Since(w.changed)))
}
