//go:build linux

package hosttest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// memberKinds take nodes out of the cluster, and let them come back.
func memberKinds() []kind {
	return []kind{
		{"a node leaves and comes back", leaves(false)},
		{"a node leaves and joins with an empty disk", leaves(true)},
	}
}

// leaves has a node taken out through another one, and starts it again in the
// end, by which it joins. The one that is told to found the cluster keeps its
// disk: it might found another.
func leaves(emptied bool) func(*Storm, context.Context) (*wound, error) {
	return func(s *Storm, ctx context.Context) (*wound, error) {
		n, through := s.free(), s.free()
		if n == nil || n == through || emptied && n == s.nodes[0] {
			return nil, nil
		}
		path := fmt.Sprintf("/leave?peerAddress=%s:%d", n.host.Address, raftPort)
		status, answer, err := through.ask(ctx, writeLimit, http.MethodGet, path, nil)
		left := err == nil && status == http.StatusOK
		if !left { // with two faults at once there may be no leader
			s.record.fault("%s may not have left: %d %.100q %v", n.name, status, answer, err)
		}
		return &wound{
			whom: n.name + " through " + through.name, lasts: s.between(3*time.Second, 9*time.Second), victims: []string{n.name}, contained: true,
			end: func() error {
				s.stop(n)
				if emptied && left {
					if err := n.empty(); err != nil {
						return err
					}
				}
				return s.start(n)
			},
		}, nil
	}
}

// empty removes all files of a node that is down.
func (n *node) empty() error {
	files, err := os.ReadDir(n.files())
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.RemoveAll(filepath.Join(n.files(), f.Name())); err != nil {
			return err
		}
	}
	n.fresh = true
	return nil
}
