package script

import (
	"bytes"
	"slices"
	"testing"
)

// However it is cut into pieces, what is heard are the lines, as far as they are
// kept, and memory stays bounded.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\ntwo\n\nthree"), uint8(9), uint8(2))
	f.Add([]byte("\n\n\n"), uint8(0), uint8(0))
	f.Add(bytes.Repeat([]byte("0123456789"), 50), uint8(20), uint8(255))
	f.Fuzz(func(t *testing.T, printed []byte, room, piece uint8) {
		limit := int(room) + 1
		var heard [][]byte
		l := lines{limit: limit, hear: func(line []byte) { heard = append(heard, bytes.Clone(line)) }}
		for rest := printed; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			if got, err := l.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("Write = %d, %v, want %d taken", got, err, n)
			}
			rest = rest[n:]
			if cap(l.line) > 4*limit+64 {
				t.Fatalf("%d bytes kept with a limit of %d", cap(l.line), limit)
			}
		}
		l.end()

		want := bytes.Split(printed, []byte("\n"))
		if last := len(want) - 1; len(want[last]) == 0 {
			want = want[:last]
		}
		for i, line := range want {
			want[i] = line[:min(len(line), limit)]
		}
		if !slices.EqualFunc(heard, want, bytes.Equal) {
			t.Fatalf("heard %q, want %q", heard, want)
		}
	})
}
