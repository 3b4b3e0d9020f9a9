package gossipdb

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
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

// FuzzHello holds that a greeting is the same to who has all of it, as in a
// packet, and to who reads it byte by byte, as from a stream.
func FuzzHello(f *testing.F) {
	for _, data := range [][]byte{
		nil, {helloFormat}, hello("", 0), append(hello("c1", 4), "rest"...), hello("c1", 0)[:3], {helloFormat, MaxCluster + 1}, {helloFormat, 2, 0, 0xff}, []byte("GET / HTTP/1.1\r\n"),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cluster, rest, err := cutHello(data)
		stream := bytes.NewReader(data)
		read, readErr := readHello(iotest.OneByteReader(stream))
		if (err == nil) != (readErr == nil) || cluster != read {
			t.Fatalf("the whole is %q, %v, and read byte by byte %q, %v", cluster, err, read, readErr)
		}
		if errors.Is(readErr, io.EOF) != (len(data) == 0) {
			t.Errorf("of %d bytes: %v", len(data), readErr)
		}
		if err != nil {
			return
		}
		if len(cluster) > MaxCluster || !plain(cluster) {
			t.Errorf("a cluster is called %q", cluster)
		}
		if stream.Len() != len(rest) || !bytes.Equal(append(hello(cluster, len(rest)), rest...), data) {
			t.Errorf("%d bytes are left of the stream and %d of the packet, and written again it differs", stream.Len(), len(rest))
		}
	})
}
