package fsm

import "iter"

// What a reader who follows the state one thing after the other asks for: what
// came after the index that it has come to, each with an index of its own. Like
// deletions, reports are remembered in memory alone, and only so many of them.

// reportsKept bounds what ReportsAfter can tell.
const reportsKept = 10_000

// report remembers that an outcome was recorded.
type report struct {
	event uint64
	node  string
}

// DeletionsAfter yields the keys of the endpoints that were deleted after the
// entry with the given index, and the index of each deletion, oldest first. It
// returns false when nobody can tell any more.
func (v *View) DeletionsAfter(index uint64) (all iter.Seq2[uint64, string], known bool) {
	return func(yield func(uint64, string) bool) {
		it := v.deleted.Root().Iterator()
		it.SeekLowerBound(numberKey(index + 1))
		for key, d, ok := it.Next(); ok; key, d, ok = it.Next() {
			if !yield(numberOf(key), d.key) {
				return
			}
		}
	}, index >= v.forgotten && index <= v.index
}

// ReportsAfter yields the outcomes that were recorded after the entry with the
// given index, and the index of each, oldest first: those that are still kept,
// as they are now. It returns false when nobody can tell any more.
func (v *View) ReportsAfter(index uint64) (all iter.Seq2[uint64, *Outcome], known bool) {
	return func(yield func(uint64, *Outcome) bool) {
		it := v.reported.Root().Iterator()
		it.SeekLowerBound(numberKey(index + 1))
		for key, r, ok := it.Next(); ok; key, r, ok = it.Next() {
			if o, kept := v.Outcome(r.event, r.node); kept && !yield(numberOf(key), o) {
				return
			}
		}
	}, index >= v.reportsForgotten && index <= v.index
}

// noteReport remembers that o was recorded by this entry.
func (b *builder) noteReport(o *Outcome) {
	at := append(numberKey(b.index), outcomeKey(o.Event, o.Node)...)
	if _, again := b.reported.Insert(at, report{o.Event, o.Node}); !again {
		b.reportedCount++
	}
	for b.reportedCount > reportsKept {
		oldest, _, _ := b.reported.Root().Minimum()
		b.next.reportsForgotten = numberOf(oldest)
		b.reported.Delete(oldest)
		b.reportedCount--
	}
}
