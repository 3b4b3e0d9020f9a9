package script

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever is printed, in whatever pieces: what is kept is valid text of the
// right end and size, and memory stays bounded.
func FuzzOutput(f *testing.F) {
	f.Add([]byte("UP all is well\n"), uint8(0), uint8(7))
	f.Add([]byte("UP all is well\n"), uint8(4), uint8(1))
	f.Add([]byte("h\u00e9h\u00e9h\u00e9 \u65e5\u672c\u8a9e \U0001f514"), uint8(5), uint8(3))
	f.Add([]byte("\xff\xfea\xffb\xe6\x97"), uint8(3), uint8(2))
	f.Add(bytes.Repeat([]byte("0123456789"), 50), uint8(20), uint8(255))
	f.Fuzz(func(t *testing.T, printed []byte, room, piece uint8) {
		limit := int(room) + 1
		first, last := head{limit: limit}, tail{limit: limit}
		for rest := printed; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			for _, w := range []io.Writer{&first, &last} {
				if got, err := w.Write(rest[:n]); got != n || err != nil {
					t.Fatalf("Write = %d, %v, want %d taken", got, err, n)
				}
			}
			rest = rest[n:]
			if kept := max(len(first.kept), len(last.kept)); kept > 2*(limit+spare) {
				t.Fatalf("%d bytes kept with a limit of %d", kept, limit)
			}
		}

		firstText, firstCut := first.text()
		lastText, lastCut := last.text()
		for _, text := range []string{firstText, lastText} {
			if !utf8.ValidString(text) || len(text) > limit {
				t.Fatalf("kept %q, want valid text of at most %d bytes", text, limit)
			}
		}
		if !utf8.Valid(printed) {
			return
		}
		// Of valid text the kept part is the very beginning or end of it, and
		// falls short of the limit by less than one character.
		whole := string(printed)
		if !strings.HasPrefix(whole, firstText) || !strings.HasSuffix(whole, lastText) {
			t.Fatalf("kept %q and %q of %q", firstText, lastText, whole)
		}
		if least := min(len(whole), limit-utf8.UTFMax+1); len(firstText) < least || len(lastText) < least {
			t.Fatalf("kept %q and %q of %q, want %d bytes or more", firstText, lastText, whole, least)
		}
		if cut := len(whole) > limit; firstCut != cut || lastCut != cut {
			t.Fatalf("cut = %v and %v with %d bytes and a limit of %d", firstCut, lastCut, len(whole), limit)
		}
	})
}
