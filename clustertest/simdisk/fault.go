package simdisk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Part is one file of a disk, or several.
type Part uint8

// The files.
const (
	Raft      Part = 1 << iota // raft's log and stable values
	Snapshots                  // of raft
	Ledger                     // of the notifier
	Identity                   // whose data it is
	All       = Raft | Snapshots | Ledger | Identity
)

// String returns the words for p.
func (p Part) String() string {
	if p == All {
		return "everything"
	}
	var names []string
	for i, name := range []string{"raft", "snapshots", "ledger", "identity"} {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// Fault is what is wrong with a disk. Several may be at once: the first that
// fails a write does so, and all that are slow add up.
type Fault struct {
	// On are the files that suffer; 0 means All.
	On Part
	// Least and Most say how long a sync takes beside what it always does.
	Least, Most time.Duration
	// Hangs: no sync comes back until this is mended.
	Hangs bool
	// Err is what writes come back with. syscall.ENOSPC and syscall.EDQUOT
	// change nothing; of any other nobody knows whether the write is in.
	Err error
	// Times is how many writes fail; 0 means all, until this is mended.
	Times int
}

// String says what is wrong.
func (f Fault) String() string {
	var what []string
	if f.Most > 0 {
		what = append(what, fmt.Sprintf("syncs take %v to %v", f.Least, f.Most))
	}
	if f.Hangs {
		what = append(what, "syncs hang")
	}
	if f.Err != nil && f.Times > 0 {
		what = append(what, fmt.Sprintf("%d × %v", f.Times, f.Err))
	} else if f.Err != nil {
		what = append(what, f.Err.Error())
	}
	return fmt.Sprintf("%s: %s", f.On.orAll(), strings.Join(what, ", "))
}

func (p Part) orAll() Part {
	if p == 0 {
		return All
	}
	return p
}

// ErrHangs is what a disk that hangs says to a process that would have to wait
// for it before it is up.
var ErrHangs = errors.New("the disk hangs")

// ailments are the faults of a disk, over all processes that use it.
type ailments struct {
	mu     sync.Mutex
	dice   *rand.Rand
	faults []*ailment
	writes int // that faults have failed, delayed or held up
}

type ailment struct {
	Fault
	left   int           // of Times
	mended chan struct{} // closed by mend
}

func (a *ailments) add(f Fault) (mend func()) {
	ill := &ailment{Fault: f, left: f.Times, mended: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, ill)
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.faults = slices.DeleteFunc(a.faults, func(other *ailment) bool { return other == ill })
		close(ill.mended)
	})
}

// lot is what becomes of one write.
type lot struct {
	full  error         // it is refused at once, and nothing is changed
	takes time.Duration // its sync, which then
	hangs []chan struct{}
	err   error // fails
}

// draw decides over one write of a file.
func (a *ailments) draw(of Part) (l lot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l.takes = syncTakes/2 + time.Duration(a.dice.Int64N(int64(syncTakes)))
	suffers := false
	for _, f := range a.faults {
		if f.On.orAll()&of == 0 {
			continue
		}
		if f.Most > 0 {
			suffers = true
			l.takes += f.Least + time.Duration(a.dice.Int64N(int64(f.Most-f.Least)+1))
		}
		if f.Hangs {
			suffers = true
			l.hangs = append(l.hangs, f.mended)
		}
		if f.Err == nil || l.full != nil || l.err != nil || f.Times > 0 && f.left == 0 {
			continue
		}
		suffers = true
		f.left--
		if errors.Is(f.Err, syscall.ENOSPC) || errors.Is(f.Err, syscall.EDQUOT) {
			l.full = f.Err
		} else {
			l.err = f.Err
		}
	}
	if suffers {
		a.writes++
	}
	return l
}

func (a *ailments) suffered() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.writes
}

// toss is a die of n sides.
func (a *ailments) toss(n int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dice.IntN(n)
}
