package notify_test

import (
	"strings"
	"testing"

	"tocsin/fsm"
	"tocsin/notify"
)

func TestNew_RefusesALedgerThatIsNotItsOwn(t *testing.T) {
	own := notify.Batch{Node: "self", Cluster: "c", Cursor: 3, Origin: 1}
	with := func(change func(*notify.Batch)) notify.Batch {
		b := own
		change(&b)
		return b
	}
	for _, test := range []struct {
		name   string
		ledger notify.Batch
		want   string // in the error, "" for none
	}{
		{"its own", own, ""},
		{"its own, up to its registration", with(func(b *notify.Batch) { b.Cursor = 4 }), ""},
		{"of another node", with(func(b *notify.Batch) { b.Node = "other" }), `belongs to node "other" of cluster c`},
		{"of another cluster", with(func(b *notify.Batch) { b.Cluster = "d" }), "a --data-dir of its own"},
		{"of nobody", with(func(b *notify.Batch) { b.Node, b.Cluster = "", "" }), "of cluster unknown"},
		{"ahead of its cluster", with(func(b *notify.Batch) { b.Cursor = 5 }), "move it away"},
		{"with an outcome of another node", with(func(b *notify.Batch) {
			b.Outbox = map[uint64]*fsm.Outcome{2: {Event: 2, Node: "other", Role: fsm.Leader, Ending: fsm.Done, Attempt: 1}}
		}), `event 2 on node "other"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			ledger := notify.NewMemoryLedger()
			if err := ledger.Write(test.ledger); err != nil {
				t.Fatal(err)
			}
			config := newWorld(t).config(ledger)
			config.Start = 4
			_, err := notify.New(config)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("it was refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("the error is %v", err)
			}
		})
	}
}
