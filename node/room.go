package node

import (
	"context"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// littleRoom is what is left on the disk when it is time to make room, in
	// bytes: some snapshots, and a log that is not compacted for an hour.
	littleRoom = 64 << 20
	roomCheck  = 10 * time.Second

	roomWarning = "there is little room on the disk of --data-dir: make some, before this node can write no more"
)

// room is what is left on the disk of the data. Its owner is watchRoom; anybody may
// ask.
type room struct{ left atomic.Pointer[uint64] } // bytes; nil until it was looked at, or can't be told

func (r *room) known() *uint64 { return r.left.Load() }

func (r *room) little() bool {
	left := r.left.Load()
	return left != nil && *left < littleRoom
}

// watchRoom looks now and then how much room there is where the data are. A
// disk that hangs hangs this too, and nothing else.
func (n *Node) watchRoom(ctx context.Context) error {
	tick := time.NewTicker(roomCheck)
	defer tick.Stop()
	for {
		left, err := roomIn(n.cfg.DataDir)
		if err != nil {
			return nil // not a disk that tells; a full one will be noticed
		}
		was := n.room.little()
		n.room.left.Store(&left)
		if n.room.little() && !was {
			n.log.Warn(roomWarning, "room_bytes", left, "data_dir", n.cfg.DataDir)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// roomIn returns how many bytes can still be written in dir.
func roomIn(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil
}
