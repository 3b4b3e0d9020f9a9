package gossipdb

import (
	"net"
	"testing"
)

// TestIncoming_CountsWhoSaysSomethingElse, once however often it is read from, and
// not who hangs up without a word: that is how a port is looked at.
func TestIncoming_CountsWhoSaysSomethingElse(t *testing.T) {
	for said, want := range map[string]int{"": 0, "G": 1, "GET / HTTP/1.1\r\n\r\n": 1, string(hello("cluster", 0)[:2]): 1} {
		ours, theirs := net.Pipe()
		dropped := 0
		c := &incoming{Conn: ours, border: &border{cluster: func() string { return "c" }, dropped: func() { dropped++ }}}
		go func() {
			_, _ = theirs.Write([]byte(said))
			_ = theirs.Close()
		}()
		for range 2 {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("%q is read", said)
			}
		}
		if dropped != want {
			t.Errorf("%q: counted %d times, want %d", said, dropped, want)
		}
	}
}
