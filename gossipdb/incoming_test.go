package gossipdb

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"

	"tocsin/connlimit"
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
		if len(cluster) > MaxCluster || !drawn(cluster) {
			t.Errorf("a cluster is called %q", cluster)
		}
		if stream.Len() != len(rest) || !bytes.Equal(append(hello(cluster, len(rest)), rest...), data) {
			t.Errorf("%d bytes are left of the stream and %d of the packet, and written again it differs", stream.Len(), len(rest))
		}
	})
}

// streamsOf returns the border that streams come to, and opens one that brings n
// bytes; what becomes of it is sent.
func streamsOf(t *testing.T, limits connlimit.Limits) (b *border, open func(n int) *incoming) {
	b = &border{
		cluster: func() string { return "c" }, dropped: func() {}, crowded: func() {},
		inside: connlimit.NewTally(maxStreams), memory: connlimit.NewTally(limits),
	}
	return b, func(n int) *incoming {
		ours, theirs := net.Pipe()
		c, ok := b.enter(ours)
		if !ok {
			t.Fatal("there is no room for a stream")
		}
		c.greeted = true
		go func() {
			_, _ = theirs.Write(make([]byte, n))
			_ = theirs.Close()
		}()
		return c
	}
}

// TestIncoming_BringsNoMoreThanANodeWould: the largest state there is comes
// through, and one that is larger is cut.
func TestIncoming_BringsNoMoreThanANodeWould(t *testing.T) {
	_, open := streamsOf(t, maxPieces)
	for n, want := range map[int]error{maxState: nil, maxStream: nil, maxStream + 1: errLongStream, 20 << 20: errLongStream} {
		c := open(n)
		got, err := io.Copy(io.Discard, c)
		if !errors.Is(err, want) || want == nil && got != int64(n) || got > maxStream {
			t.Errorf("of %d bytes %d came, and %v, want %v", n, got, err, want)
		}
		if _, again := c.Read(make([]byte, 1)); again == nil {
			t.Error("it is read on")
		}
		_ = c.Close()
	}
}

// TestIncoming_HoldsALimitedAmountInAll, whatever the number of streams; what was
// held is free when a stream is closed, however often.
func TestIncoming_HoldsALimitedAmountInAll(t *testing.T) {
	b, open := streamsOf(t, connlimit.Limits{All: 4, FromOne: 3})
	first := open(3 * piece)
	if _, err := io.Copy(io.Discard, first); err != nil {
		t.Fatal(err)
	}
	second := open(3 * piece)
	if n, err := io.Copy(io.Discard, second); !errors.Is(err, errNoMemory) || n > 2*piece {
		t.Errorf("%d bytes came beside the first, and %v", n, err)
	}
	if _, err := io.Copy(io.Discard, open(piece)); err != nil {
		t.Errorf("a small one: %v", err)
	}
	for range 2 {
		_, _ = first.Close(), second.Close()
	}
	if _, err := io.Copy(io.Discard, open(4*piece)); err != nil {
		t.Errorf("when the others are gone: %v", err)
	}
	if b.memory.Enter("pipe") {
		t.Error("closing twice makes room for two")
	}
}
