package script

import (
	"strings"
	"unicode/utf8"
)

// Both buffers keep a little more than their limit, so that a character that the
// limit cuts in two is whole in what they keep and can be left out as one.
const spare = utf8.UTFMax

// head keeps the beginning of what is written to it, and counts the rest.
type head struct {
	limit int // bytes
	kept  []byte
	cut   bool
}

// Write never fails and always takes everything: a writer who is refused would
// get a broken pipe and die of it.
func (h *head) Write(p []byte) (int, error) {
	room := h.limit + spare - len(h.kept)
	h.kept = append(h.kept, p[:min(room, len(p))]...)
	h.cut = h.cut || len(p) > room
	return len(p), nil
}

// text returns at most limit bytes of valid UTF-8, and whether some are missing.
func (h *head) text() (text string, cut bool) {
	text = valid(h.kept)
	if len(text) <= h.limit {
		return text, h.cut
	}
	end := h.limit
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], true
}

// tail keeps the end of what is written to it.
type tail struct {
	limit int    // bytes
	kept  []byte // up to twice of what is needed, so that moving it is rare
	cut   bool
}

// Write never fails and always takes everything.
func (t *tail) Write(p []byte) (int, error) {
	most := t.limit + spare
	n := len(p)
	if n > most {
		p, t.cut = p[n-most:], true
	}
	if len(t.kept)+len(p) > 2*most {
		t.shorten(most)
	}
	t.kept = append(t.kept, p...)
	return n, nil
}

// text returns at most limit bytes of valid UTF-8, and whether some are missing.
func (t *tail) text() (text string, cut bool) {
	t.shorten(t.limit + spare)
	text = valid(t.kept)
	if len(text) <= t.limit {
		return text, t.cut
	}
	start := len(text) - t.limit
	for start < len(text) && !utf8.RuneStart(text[start]) {
		start++
	}
	return text[start:], true
}

func (t *tail) shorten(most int) {
	if excess := len(t.kept) - most; excess > 0 {
		t.kept, t.cut = t.kept[:copy(t.kept, t.kept[excess:])], true
	}
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), string(utf8.RuneError)) }
