package sim

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"tocsin/clustertest/check"
	"tocsin/clustertest/simdisk"
)

// The kinds of steps that concern disks, and the power that they depend on.
const (
	PowerOne     Kind = "one loses its power"
	PowerAll     Kind = "all lose their power"
	PowerRunning Kind = "one loses its power in the middle of a script"
	SlowDisk     Kind = "a disk is slow"
	SlowDisks    Kind = "all disks are slow"
	HangingDisk  Kind = "a disk hangs"
	FailOnce     Kind = "a disk fails once"
	FailingDisk  Kind = "a disk fails"
	FullDisk     Kind = "a disk is full"
	FullDisks    Kind = "all disks are full"
	LoseLedger   Kind = "a ledger is lost"
	OldLedger    Kind = "an older copy of a ledger is put back"
)

func diskKinds(live bool) []Kind {
	kinds := []Kind{
		PowerOne, PowerOne, PowerRunning, PowerRunning, SlowDisk, SlowDisk, HangingDisk, FailOnce, FailingDisk,
		FullDisk, FullDisk, LoseLedger, OldLedger,
	}
	if live {
		return kinds
	}
	return append(kinds, PowerAll, PowerAll, SlowDisks, FullDisks)
}

// harms returns what steps that concern disks are called: each should be played.
func harms() (all []string) {
	for _, kind := range slices.Compact(diskKinds(false)) {
		all = append(all, string(kind))
	}
	return all
}

// harm does a step that concerns disks, and reports whether it is one.
func (r *run) harm(kind Kind, dice *rand.Rand) (end func(), mine bool) {
	if !slices.Contains(diskKinds(false), kind) {
		return nil, false
	}
	up := r.victims()
	one, ok := pick(dice, up)
	if kind == PowerRunning {
		one, ok = pick(dice, slices.DeleteFunc(r.record.running(), func(name string) bool { return !slices.Contains(up, name) }))
	}
	if !ok {
		return nil, true
	}
	r.record.sometimes(string(kind))
	switch kind {
	case PowerOne, PowerRunning:
		return r.powerOff(kind, one), true
	case PowerAll:
		return r.powerOff(kind, up...), true
	case SlowDisks, FullDisks:
		return r.breakDisks(kind, ailment(kind, dice), up...), true
	case LoseLedger:
		r.record.fault("%s: %s", kind, one)
		r.crash(one)
		r.cluster.LoseLedger(one)
		r.forgot[one] = true
		return r.restartAll([]string{one}), true
	case OldLedger:
		return r.putLedgerBack(one), true
	}
	return r.breakDisks(kind, ailment(kind, dice), one), true
}

func (r *run) powerOff(kind Kind, names ...string) (end func()) {
	for _, name := range names {
		r.record.fault("%s: %s", kind, name)
		r.takeDown(name, true, func(name string) { r.cluster.PowerLoss(name) })
	}
	return r.restartAll(names)
}

// ailment draws what is wrong with a disk, and with which of its files.
func ailment(kind Kind, dice *rand.Rand) simdisk.Fault {
	on := []simdisk.Part{simdisk.All, simdisk.All, simdisk.Raft, simdisk.Ledger, simdisk.Snapshots}
	f := simdisk.Fault{On: on[dice.IntN(len(on))]}
	switch kind {
	case SlowDisk, SlowDisks:
		f.Least = 300 * time.Millisecond
		f.Most = f.Least + time.Duration(dice.Int64N(int64(4700*time.Millisecond)))
	case HangingDisk:
		f.Hangs = true
	case FailOnce:
		f.Err, f.Times = syscall.EIO, 1
	case FailingDisk:
		f.Err = syscall.EIO
	case FullDisk, FullDisks:
		f.Err = syscall.ENOSPC
	}
	return f
}

// breakDisks turns a fault of some disks on, and returns what mends them.
func (r *run) breakDisks(kind Kind, f simdisk.Fault, names ...string) (end func()) {
	var mends []func()
	for _, name := range names {
		r.record.fault("%s: %s: %v", kind, name, f)
		recover := r.record.falls(check.Ill{Node: name, Stalls: f.Hangs || f.Most > 0})
		mend := r.cluster.BreakDisk(name, f)
		mends = append(mends, func() {
			mend()
			recover()
		})
	}
	end = func() {
		for _, mend := range mends {
			mend()
		}
	}
	r.mends = append(r.mends, end)
	return end
}

// putLedgerBack copies a ledger, and puts it back when the step ends.
func (r *run) putLedgerBack(name string) (end func()) {
	r.cluster.Backup(name)
	return func() {
		if r.down[name] || !r.cluster.HasBackup(name) {
			return
		}
		r.record.fault("%s: %s", OldLedger, name)
		r.crash(name)
		r.cluster.PutLedgerBack(name)
		r.forgot[name] = true
		r.restart(name)
	}
}

// mendDisks ends all faults of disks.
func (r *run) mendDisks() {
	for _, mend := range r.mends {
		mend()
	}
}

// falls records that a disk falls ill, and returns what records that it is well.
func (r *recorder) falls(ill check.Ill) (recover func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := len(r.history.Ill)
	ill.From, ill.To = r.now(), check.Forever
	r.history.Ill = append(r.history.Ill, ill)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if i := &r.history.Ill[place]; i.To == check.Forever {
			i.To = r.now()
		}
	}
}

// recovery is how long a disk that stalled may still be felt: the node that it
// belongs to may have to end first, and another one to be elected.
const recovery = time.Minute

// well returns the times in which decisions have to be made in time: none while
// a disk stalls, for that of the leader may be the one, which leads on until its
// write has taken longer than it may.
func well(from, to time.Duration, ill []check.Ill) (spans []check.Span) {
	for _, i := range ill {
		if !i.Stalls {
			continue
		}
		if i.From > from {
			spans = append(spans, check.Span{From: from, To: i.From})
		}
		if i.To >= to-recovery {
			return spans
		}
		from = max(from, i.To+recovery)
	}
	return append(spans, check.Span{From: from, To: to})
}

// bootstraps reports whether a node is started with --bootstrap. The unit of a
// service has the same flags at each start, and on the disk of a member this one
// does nothing. But whoever gives a node a new disk takes it away: with it the
// node founds another cluster if it comes up while it reaches nobody.
func (r *run) bootstraps(name string) bool { return !r.replaced[name] }

// comesUp starts a node, or tries again soon, as a service manager does.
func (r *run) comesUp(name string) (up bool) {
	err := r.cluster.TryRestart(name)
	if err == nil {
		return true
	}
	const pause = 2 * time.Second
	r.record.fault("%v; tried again in %v", err, pause)
	r.at(r.record.now()+pause, func() { r.restart(name) })
	return false
}
