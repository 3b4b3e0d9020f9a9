package gossipdb

import (
	"errors"
	"io"
	"net"
	"sync"

	"tocsin/connlimit"
)

// The library reads the whole of a stream before it tries a key, and would take 20
// MiB of anybody. So what streams of others hold is bounded here: one brings no
// more than the largest state does that a node of ours sends, and the members with
// it. Its first piece comes with its place among the streams, each further one is
// counted. All together that is 16 MiB of first pieces and 24 MiB of others, and
// from one address 8 and 10. A buffer that grows takes up to three times as much.
const (
	maxStream = maxState + 1<<20 // bytes
	piece     = 256 << 10        // bytes
)

// maxStreams is how many streams of others are open at once: one lasts 10 s at
// most, which is the library's. What nodes say to each other by streams takes a
// moment now and then.
var (
	maxStreams = connlimit.Limits{All: 64, FromOne: 32}
	maxPieces  = connlimit.Limits{All: 96, FromOne: 40}
)

var (
	errLongStream = errors.New("it brings more than a node of ours would")
	errNoMemory   = errors.New("other streams bring too much already")
)

// incoming is a stream that another node has opened. Its first Read exchanges
// the greetings, so that only whoever serves the stream waits for them.
type incoming struct {
	net.Conn
	border  *border
	from    string // where it is counted
	greeted bool
	read    int // bytes, after the greetings
	pieces  int // that are counted for it
	leave   sync.Once
	failed  error // of the greetings, or of what came after them: no more is read
}

// Close implements net.Conn.
func (c *incoming) Close() error {
	c.leave.Do(func() {
		for range c.pieces {
			c.border.memory.Leave(c.from)
		}
		c.border.inside.Leave(c.from)
	})
	return c.Conn.Close()
}

// Read implements net.Conn. As memberlist uses it, nobody reads or closes beside
// another.
func (c *incoming) Read(into []byte) (int, error) {
	if !c.greeted {
		c.greeted, c.failed = true, c.greet()
	}
	if c.failed != nil {
		return 0, c.failed
	}
	n, err := c.Conn.Read(into)
	if c.failed = c.hold(n); c.failed != nil {
		return 0, c.failed
	}
	return n, err
}

// hold counts n bytes more, that whoever reads them keeps until the stream is
// closed.
func (c *incoming) hold(n int) error {
	if c.read += n; c.read > maxStream {
		c.border.dropped()
		return errLongStream
	}
	for c.read > (c.pieces+1)*piece {
		if !c.border.memory.Enter(c.from) {
			c.border.crowded()
			return errNoMemory
		}
		c.pieces++
	}
	return nil
}

func (c *incoming) greet() error {
	theirs, err := readHello(c.Conn)
	if errors.Is(err, io.EOF) {
		return err // without a word: somebody has looked whether this port answers, as doctor does
	}
	if err != nil {
		c.border.dropped()
		return err
	}
	// Strangers are answered too: their operator wants to know.
	if _, err := c.Conn.Write(hello(c.border.cluster(), 0)); err != nil {
		return err
	}
	return c.border.check(theirs, hostOf(c.Conn.RemoteAddr().String())) // the port is of this stream alone
}
