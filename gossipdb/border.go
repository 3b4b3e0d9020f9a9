package gossipdb

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"tocsin/connlimit"
)

// MaxCluster is how many bytes of the id of a cluster are looked at. Those that
// we draw have 26.
const MaxCluster = 32

// border is a network that stays within one cluster. Every packet and both ends
// of every stream begin with the id of their sender's cluster, and what belongs
// to another one goes no further. So a wrong --gossip-join, or an address that
// has a new owner, joins nothing: pings are not answered either, and whom the
// border lets through no more is soon found dead.
//
// A node that belongs to no cluster yet says "", and passes: it has to be seen to
// be taken in. What it can't carry over the border is up to the delegate.
//
// memberlist has labels for the same purpose, but wants them at the start, when
// a node that joins does not know its cluster.
type border struct {
	memberlist.Transport
	cluster   func() string
	strangers *strangers
	dropped   func()           // counts what was no packet of ours
	inside    *connlimit.Tally // streams
	memory    *connlimit.Tally // pieces of what they brought
	crowded   func()           // counts streams that there was no room for

	packets chan *memberlist.Packet // closed by nobody
	streams chan net.Conn           // closed by nobody
	ending  chan struct{}           // closed by Shutdown: nobody may read the above any more
	ended   chan struct{}           // closed by Shutdown, when the inner transport has ended
	forward sync.WaitGroup
	once    sync.Once
}

// newBorder starts a goroutine, which Shutdown ends.
func newBorder(inner memberlist.Transport, cluster func() string, strangers *strangers, dropped, crowded func()) *border {
	b := &border{
		Transport: inner, cluster: cluster, strangers: strangers, dropped: dropped,
		inside: connlimit.NewTally(maxStreams), memory: connlimit.NewTally(maxPieces), crowded: crowded,
		packets: make(chan *memberlist.Packet), streams: make(chan net.Conn),
		ending: make(chan struct{}), ended: make(chan struct{}),
	}
	b.forward.Go(b.receive)
	return b
}

// receive lets in what may come in. It goes on to empty the inner transport
// until that has ended: its end may wait for that.
func (b *border) receive() {
	for {
		select {
		case p := <-b.Transport.PacketCh():
			if !b.admit(p) {
				continue
			}
			select {
			case b.packets <- p:
			case <-b.ending:
			}
		case conn := <-b.Transport.StreamCh():
			in, ok := b.enter(conn)
			if !ok {
				continue
			}
			select {
			case b.streams <- in:
			case <-b.ending:
				_ = in.Close() // nobody would read it
			}
		case <-b.ended:
			return
		}
	}
}

// admit takes the cluster off p, and reports whether p may pass.
func (b *border) admit(p *memberlist.Packet) bool {
	theirs, rest, err := cutHello(p.Buf)
	if err != nil {
		b.dropped()
		return false
	}
	p.Buf = rest
	return b.check(theirs, p.From.String()) == nil
}

// enter returns a stream that counts until it is closed. It hangs up where there
// is no room.
func (b *border) enter(conn net.Conn) (*incoming, bool) {
	from := connlimit.Source(conn.RemoteAddr().String())
	if !b.inside.Enter(from) {
		b.crowded()
		_ = conn.Close() // whoever it is tries again
		return nil, false
	}
	return &incoming{Conn: conn, border: b, from: from}, true
}

// check reports why what comes from that cluster may not pass, nil if it may.
func (b *border) check(theirs, address string) error {
	ours := b.cluster()
	if !foreign(ours, theirs) {
		return nil
	}
	b.strangers.note(address, theirs)
	return &OtherClusterError{Address: address, Ours: ours, Theirs: theirs}
}

// foreign reports whether two nodes belong to two clusters. Who belongs to none
// yet is no stranger to anybody.
func foreign(a, b string) bool { return a != "" && b != "" && a != b }

// OtherClusterError says that a node of another cluster was met.
type OtherClusterError struct{ Address, Ours, Theirs string }

// Error implements error.
func (e *OtherClusterError) Error() string {
	return fmt.Sprintf("the node at %s belongs to the cluster %s, and this one to %s: two clusters are never mixed; look for a wrong --gossip-join, or an address that is used twice", e.Address, e.Theirs, e.Ours)
}

// PacketCh implements memberlist.Transport.
func (b *border) PacketCh() <-chan *memberlist.Packet { return b.packets }

// StreamCh implements memberlist.Transport.
func (b *border) StreamCh() <-chan net.Conn { return b.streams }

// WriteTo implements memberlist.Transport.
func (b *border) WriteTo(packet []byte, address string) (time.Time, error) {
	return b.Transport.WriteTo(append(hello(b.cluster(), len(packet)), packet...), address)
}

// DialTimeout implements memberlist.Transport: it connects, and the two ends tell
// each other their clusters.
func (b *border) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	start := time.Now()
	conn, err := b.Transport.DialTimeout(address, timeout)
	if err != nil {
		return nil, err
	}
	if err := b.greet(conn, address, start.Add(timeout)); err != nil {
		_ = conn.Close() // it is of no use
		return nil, err
	}
	return conn, nil
}

func (b *border) greet(conn net.Conn, address string, deadline time.Time) error {
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := conn.Write(hello(b.cluster(), 0)); err != nil {
		return fmt.Errorf("greet %s: %w", address, err)
	}
	theirs, err := readHello(conn)
	if err != nil {
		return fmt.Errorf("greet %s: %w", address, err)
	}
	if err := b.check(theirs, address); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

// Shutdown implements memberlist.Transport.
func (b *border) Shutdown() (err error) {
	b.once.Do(func() {
		close(b.ending)
		err = b.Transport.Shutdown()
		close(b.ended)
		b.forward.Wait()
	})
	return err
}

// A hello is the format, the length of the cluster's id, and the id.
const (
	helloFormat = 0xC1 // no message of memberlist begins with it
	helloHeader = 2
)

var errNoHello = errors.New("it does not begin with the id of a cluster")

// hello returns one, with room for n bytes behind it. The id has at most
// MaxCluster bytes.
func hello(cluster string, n int) []byte {
	h := make([]byte, 0, helloHeader+len(cluster)+n)
	return append(append(h, helloFormat, byte(len(cluster))), cluster...)
}

func cutHello(data []byte) (cluster string, rest []byte, err error) {
	if len(data) < helloHeader || data[0] != helloFormat || data[1] > MaxCluster || len(data)-helloHeader < int(data[1]) {
		return "", nil, errNoHello
	}
	end := helloHeader + int(data[1])
	cluster = string(data[helloHeader:end])
	if !drawn(cluster) {
		return "", nil, errNoHello
	}
	return cluster, data[end:], nil
}

// drawn reports whether id may be one that a cluster has drawn for itself, or
// none. Anybody can send any: what is logged and shown of it must be no text.
func drawn(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
	})
}

// readHello returns io.EOF only if nothing at all came.
func readHello(from io.Reader) (cluster string, err error) {
	head := make([]byte, helloHeader, helloHeader+MaxCluster)
	if _, err := io.ReadFull(from, head); err != nil {
		return "", err
	}
	if head[0] != helloFormat || head[1] > MaxCluster {
		return "", errNoHello
	}
	whole := head[:helloHeader+int(head[1])]
	switch _, err := io.ReadFull(from, whole[helloHeader:]); {
	case errors.Is(err, io.EOF):
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	}
	cluster, _, err = cutHello(whole)
	return cluster, err
}
