package node

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/fsm"
	"tocsin/health"
)

// happened is a state in which that many endpoints were set to DOWN by hand, one
// after the other, while n2 led.
func happened(t *testing.T, events int) *fsm.View {
	t.Helper()
	m := fsm.NewMachine()
	index := uint64(0)
	apply := func(c fsm.Command) {
		index++
		text, err := fsm.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		m.Apply(&raft.Log{Index: index, Data: text})
	}
	apply(fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	for i := range events {
		key := fmt.Sprintf("k%d", i)
		apply(fsm.SetEndpoint{Key: key, Value: "v"})
		apply(fsm.ForceState{Key: key, To: health.Down, Manual: fsm.Manual{Reason: "drill"}, Leader: "n2", Time: time.Unix(1, 0)})
	}
	return m.View()
}

// TestChronicle_IsBounded: many events at once have a line together.
func TestChronicle_IsBounded(t *testing.T) {
	var text bytes.Buffer
	c := chronicle{log: slog.New(slog.NewTextHandler(&text, nil))}
	view := happened(t, 1000)
	if !c.take(view) || c.take(view) {
		t.Error("what was told is told once more")
	}
	c.settle()
	c.settle()
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(lines) != toldEach+1 || !strings.Contains(lines[0], `msg="endpoint changed state" key=k0 from=UNKNOWN to=DOWN event=3`) || !strings.Contains(lines[0], `leader=n2 term=0 evidence="by hand: drill"`) {
		t.Errorf("%d lines, the first is %s", len(lines), lines[0])
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, fmt.Sprintf(`msg="more endpoints changed state" events=%d event=%d`, 1000-toldEach, view.LastEvent())) {
		t.Errorf("the last line is %s", last)
	}
}

func TestFirstReason(t *testing.T) {
	e := &fsm.Event{To: health.Down, Votes: []fsm.Vote{{Node: "a", Verdict: health.Up, Reason: "fine"}, {Node: "b", Verdict: health.Down, Reason: "refused"}}}
	if got := firstReason(e); got != "b: refused" {
		t.Errorf("got %q", got)
	}
}
