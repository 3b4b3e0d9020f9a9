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
	"tocsin/pki"
)

// handshakeTime is how long a handshake may take.
const handshakeTime = 5 * time.Second

// Listener hands on connections that have come through the handshake of TLS. It
// is a net.Listener, whose connections are of the type *tls.Conn.
type Listener struct {
	inner   *connlimit.Listener
	config  *tls.Config
	refused connlimit.Refused

	came    chan net.Conn // those who are through; unbuffered
	ended   chan struct{} // closed when no more are taken
	failure error         // why, read after ended is closed
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Listen takes over inner, and speaks TLS by config with whoever connects to it. How
// many are at their handshake at once is up to inner, which is told what each has
// shown by the end of it.
// Refused is called from any goroutine; until it returns the connection may still
// be written to. It is not told of who hangs up without a word: doctor looks so
// whether a port answers, and so does what balances load.
func Listen(inner *connlimit.Listener, config *tls.Config, refused connlimit.Refused) *Listener {
	ctx, stop := context.WithCancel(context.Background())
	l := &Listener{
		inner: inner, config: config, refused: refused,
		came: make(chan net.Conn), ended: make(chan struct{}), stop: stop,
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

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Close implements net.Listener. Handshakes that are under way are broken off,
// and waited for.
func (l *Listener) Close() error {
	l.stop()
	err := l.inner.Close()
	l.running.Wait()
	return err
}

// take accepts connections until there are no more.
func (l *Listener) take(ctx context.Context) {
	defer close(l.ended)
	for pause := time.Duration(0); ; {
		c, err := l.inner.AcceptInto(connlimit.Coming)
		if err == nil {
			pause = 0
			l.running.Go(func() { l.receive(ctx, c) })
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

// receive shakes hands with one, beside the others, and hands it on.
func (l *Listener) receive(ctx context.Context, c *connlimit.Conn) {
	through, err := l.shake(ctx, c)
	if err == nil {
		err = c.Prove(shown(through))
	}
	if err != nil {
		told := ctx.Err() != nil || errors.Is(err, net.ErrClosed) // it was ended on our side
		if !told && !wordless(through, err) {
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
}

// shown returns whose certificate was shown, "" if none was. What it says was looked
// at in the handshake.
func shown(c *tls.Conn) string {
	certs := c.ConnectionState().PeerCertificates
	if len(certs) == 0 {
		return ""
	}
	subject, err := pki.SubjectOf(certs[0])
	if err != nil {
		return ""
	}
	return subject.String()
}

// wordless reports whether a handshake failed because it was never begun.
func wordless(c *tls.Conn, err error) bool {
	return errors.Is(err, io.EOF) && c.ConnectionState().Version == 0 // that comes with the first message
}

func (l *Listener) shake(ctx context.Context, c net.Conn) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	through := tls.Server(c, l.config)
	return through, through.HandshakeContext(ctx)
}
