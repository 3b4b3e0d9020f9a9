package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/connlimit"
	"tocsin/credentials"
	"tocsin/pki"
)

// Where a node has a certificate, all that it says and hears over TCP but the
// gossip goes through TLS: this file puts it around the sockets.

// openCredentials reads the certificate of this node, nil if it has none.
func openCredentials(cfg Config) (*credentials.Live, error) {
	if cfg.TLS == "" {
		return nil, nil
	}
	live, err := credentials.Open(pki.FilesIn(cfg.TLS), cfg.Name, cfg.logger())
	if err != nil {
		return nil, fmt.Errorf("--tls: %w", err)
	}
	return live, nil
}

// How many connections a port holds, in all and from one source or by one name. The
// API's has room for all who may wait or follow a stream; of nodes each has some five
// to each other one. Through TLS nobody comes to the port of raft but nodes.
var (
	httpRooms = connlimit.Rooms{
		connlimit.Coming:    {All: 256, FromOne: 64},
		connlimit.Strangers: {All: 1024, FromOne: 512},
		connlimit.Proven:    {All: 1024, FromOne: 512},
	}
	raftRooms = connlimit.Rooms{
		connlimit.Coming:    {All: 256, FromOne: 64},
		connlimit.Strangers: {All: 512, FromOne: 256},
		connlimit.Proven:    {All: 512, FromOne: 256},
	}
)

// listen listens on address, and lets in so many, and of these who comes through
// TLS by config, if there is one.
func listen(address, port string, rooms connlimit.Rooms, config *tls.Config, doorman *doorman) (net.Listener, error) {
	inner, err := net.Listen("tcp", address)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w; is another node running there?", err)
		}
		return nil, fmt.Errorf("--%s: listen on %s: %w", port, address, err)
	}
	bounded := connlimit.Listen(inner, rooms, doorman.refused)
	if config == nil {
		return bounded, nil
	}
	return credentials.Listen(bounded, config, doorman.refused), nil
}

// doorman tells the log who was not let in: the first one, and after that one a
// minute, with the number of them all. Strangers must not fill the log.
type doorman struct {
	log  *slog.Logger
	sent atomic.Uint64 // away
	told atomic.Int64  // when the log was, in nanoseconds of the wall clock
}

func newDoorman(port string, log *slog.Logger) *doorman {
	return &doorman{log: log.With("component", "credentials", "port", port)}
}

const doormanSays = time.Minute

func (d *doorman) refused(c net.Conn, why error) {
	if plain, ok := errors.AsType[tls.RecordHeaderError](why); ok && looksLikeHTTP(plain.RecordHeader) {
		why = errors.New("it does not speak TLS")
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(c, api.PlainTextAnswer) // who can't read it is lost anyway
	}
	soFar := d.sent.Add(1)
	now, told := time.Now().UnixNano(), d.told.Load()
	if now-told < int64(doormanSays) || !d.told.CompareAndSwap(told, now) {
		return
	}
	d.log.Warn("a connection was refused", "from_address", c.RemoteAddr().String(), "err", credentials.Explain(why), "so_far", soFar)
}

// looksLikeHTTP reports whether that is how a request begins, as net/http has it.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// residents knows which nodes stand at an HTTP address, once the node has begun
// to say so; nobody before.
type residents struct {
	lookup atomic.Pointer[func(address string) []string]
}

func (r *residents) meet(lookup func(address string) []string) { r.lookup.Store(&lookup) }

func (r *residents) at(address string) []string {
	if lookup := r.lookup.Load(); lookup != nil {
		return (*lookup)(address)
	}
	return nil
}

// residentsAt returns the names of the observers that have that HTTP address: one
// of them has to answer there.
func (n *Node) residentsAt(address string) (names []string) {
	for o := range n.machine.View().Observers() {
		if o.HTTP == address {
			names = append(names, o.Node)
		}
	}
	return names
}

// peersBy returns what calls the other nodes, by TLS if there are credentials.
func peersBy(live *credentials.Live, known *residents, token access.Token) *peer.Client {
	if live == nil {
		return &peer.Client{Token: token}
	}
	return &peer.Client{Token: token, Dial: func(ctx context.Context, address string, anyNode bool) (net.Conn, error) {
		if anyNode {
			return live.Dial(ctx, address, dialTimeout)
		}
		return live.Dial(ctx, address, dialTimeout, known.at(address)...)
	}}
}
