package credentials

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"tocsin/connlimit"
)

// Limits bound what strangers can make a Listener do. The zero value means the
// defaults.
type Limits struct {
	// Handshake is how long one may take; 0 means 5 s.
	Handshake time.Duration
	// Under is how many may be under way at once, and From how many of them
	// from one address; 0 means 256 and 64. What is more is hung up on.
	Under, From int
}

func (l Limits) orDefaults() Limits {
	if l.Handshake == 0 {
		l.Handshake = 5 * time.Second
	}
	if l.Under == 0 {
		l.Under = 256
	}
	if l.From == 0 {
		l.From = 64
	}
	return l
}

// errCrowded is why one too many is hung up on.
var errCrowded = errors.New("too many are under way at their handshake")

// Listener hands on connections that have come through the handshake of TLS. It
// is a net.Listener, whose connections are of the type *tls.Conn.
type Listener struct {
	net.Listener
	config  *tls.Config
	within  time.Duration
	refused connlimit.Refused

	came    chan net.Conn // those who are through; unbuffered
	ended   chan struct{} // closed when no more are taken
	failure error         // why, read after ended is closed
	stop    context.CancelFunc
	running sync.WaitGroup

	under *connlimit.Tally // who is not handed on yet
}

// Listen takes over inner, and speaks TLS by config with whoever connects to it.
// Refused is called from any goroutine; until it returns the connection may still
// be written to. It is not told of who hangs up without a word: doctor looks so
// whether a port answers, and so does what balances load.
func Listen(inner net.Listener, config *tls.Config, limits Limits, refused connlimit.Refused) *Listener {
	ctx, stop := context.WithCancel(context.Background())
	limits = limits.orDefaults()
	l := &Listener{
		Listener: inner, config: config, within: limits.Handshake, refused: refused,
		came: make(chan net.Conn), ended: make(chan struct{}), stop: stop,
		under: connlimit.NewTally(connlimit.Limits{All: limits.Under, FromOne: limits.From}),
	}
	l.running.Go(func() { l.take(ctx) })
	return l
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.came:
		return c, nil
	case <-l.ended:
		return nil, l.failure
	}
}

// Close implements net.Listener. Handshakes that are under way are broken off,
// and waited for.
func (l *Listener) Close() error {
	l.stop()
	err := l.Listener.Close()
	l.running.Wait()
	return err
}

// take accepts connections until there are no more.
func (l *Listener) take(ctx context.Context) {
	defer close(l.ended)
	for pause := time.Duration(0); ; {
		c, err := l.Listener.Accept()
		if err == nil {
			pause = 0
			l.begin(ctx, c)
			continue
		}
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			l.failure = net.ErrClosed
			return
		}
		// Out of files, most likely: that passes. net/http does it the same way.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// begin shakes hands with one, beside the others, if there is room.
func (l *Listener) begin(ctx context.Context, c net.Conn) {
	from := connlimit.Host(c.RemoteAddr())
	if !l.under.Enter(from) {
		l.refused(c, errCrowded)
		_ = c.Close()
		return
	}
	l.running.Go(func() {
		defer l.under.Leave(from)
		through, err := l.shake(ctx, c)
		if err != nil {
			if ctx.Err() == nil && !wordless(through, err) {
				l.refused(c, err)
			}
			_ = c.Close()
			return
		}
		select {
		case l.came <- through:
		case <-ctx.Done():
			_ = c.Close()
		}
	})
}

// wordless reports whether a handshake failed because it was never begun.
func wordless(c *tls.Conn, err error) bool {
	return errors.Is(err, io.EOF) && c.ConnectionState().Version == 0 // that comes with the first message
}

func (l *Listener) shake(ctx context.Context, c net.Conn) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.within)
	defer cancel()
	through := tls.Server(c, l.config)
	return through, through.HandshakeContext(ctx)
}
