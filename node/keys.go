package node

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"tocsin/keyring"
)

// KeyFile keeps the keys of the gossip; keyring.File is the real one.
type KeyFile interface {
	Load() (keyring.Ring, error)
	Save(keyring.Ring) error
}

// keys are those that the gossip of this node goes by.
type keys struct {
	// changing is held for the whole of a change, reading and writing the file
	// too: one comes after the other.
	changing sync.Mutex
	ring     atomic.Pointer[keyring.Ring]
}

var errNoKeyFile = errors.New("this node was started without --gossip-key-file: its gossip is not encrypted")

var errStrayFile = errors.New("the file of --gossip-key-file says something else than what this node goes by: have it read by \"tocsin reload\", or put the right one there, first")

// readKeys returns the keys that the node starts with, none if it has no file.
func (n *Node) readKeys() (keyring.Ring, error) {
	var ring keyring.Ring
	if n.out.Keys != nil {
		var err error
		if ring, err = n.out.Keys.Load(); err != nil {
			return ring, fmt.Errorf("--gossip-key-file: %w", err)
		}
	}
	n.keys.ring.Store(&ring)
	return ring, nil
}

// Keys returns the keys that the gossip goes by now, the zero Ring if it is not
// encrypted.
func (n *Node) Keys() keyring.Ring {
	if ring := n.keys.ring.Load(); ring != nil {
		return *ring
	}
	return keyring.Ring{}
}

// GossipKeys implements server.Peer. It waits for a change that is under way, whose file
// comes before its gossip.
func (n *Node) GossipKeys() keyring.Held {
	if n.out.Keys == nil {
		return keyring.Hold(n.Keys(), n.Keys(), nil)
	}
	n.keys.changing.Lock()
	defer n.keys.changing.Unlock()
	kept, err := n.out.Keys.Load()
	return keyring.Hold(n.Keys(), kept, err)
}

// ChangeKeys implements server.Peer. Where somebody has put another file there and not
// said so yet nothing is changed: it would come into force whole, and might part
// this node from the others.
func (n *Node) ChangeKeys(change keyring.Change) (keyring.Ring, error) {
	if n.out.Keys == nil {
		return keyring.Ring{}, errNoKeyFile
	}
	n.keys.changing.Lock()
	defer n.keys.changing.Unlock()
	kept, err := n.out.Keys.Load()
	if err != nil {
		return n.Keys(), fmt.Errorf("read the gossip keys: %w", err)
	}
	if !kept.Equal(n.Keys()) {
		return n.Keys(), errStrayFile
	}
	wanted, err := change.Of(kept)
	if err != nil {
		return n.Keys(), err
	}
	if !wanted.Equal(kept) {
		if err := n.out.Keys.Save(wanted); err != nil {
			return n.Keys(), fmt.Errorf("write the gossip keys: %w (give the file, and the folder that it is in, to the user of the agent, as the packages do with /etc/tocsin/keyring; where files are brought to the nodes, change them there, and \"tocsin reload\")", err)
		}
	}
	return wanted, n.goBy(wanted)
}

// reloadKeys has the gossip go by what the file says now.
func (n *Node) reloadKeys() error {
	if n.out.Keys == nil {
		return nil
	}
	n.keys.changing.Lock()
	defer n.keys.changing.Unlock()
	kept, err := n.out.Keys.Load()
	if err == nil {
		err = n.goBy(kept)
	}
	if err != nil {
		return fmt.Errorf("--gossip-key-file: %w", err)
	}
	return nil
}

// goBy has the gossip use these keys from now on.
func (n *Node) goBy(wanted keyring.Ring) error {
	before := n.Keys()
	if err := n.gossip.SetKeys(wanted); err != nil {
		return err
	}
	n.keys.ring.Store(&wanted)
	if !wanted.Equal(before) {
		n.log.Info("the keys of the gossip have changed", "primary", wanted.Primary(), "keys", wanted.String())
	}
	return nil
}
