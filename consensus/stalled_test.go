package consensus

import (
	"testing"
	"time"
)

func TestApplying_WaitsOnlyWithWorkToDo(t *testing.T) {
	var a applying
	began := time.Now()
	for _, step := range []struct {
		after            time.Duration
		index, committed uint64
		want             time.Duration
	}{
		{0, 0, 0, 0},
		{time.Hour, 0, 0, 0}, // nothing to do for as long as that
		{time.Hour, 0, 5, 0}, // and now there is
		{time.Hour + time.Second, 0, 6, time.Second},
		{time.Hour + 2*time.Second, 3, 6, 0}, // one was done
		{time.Hour + 5*time.Second, 3, 6, 3 * time.Second},
		{time.Hour + 6*time.Second, 6, 6, 0},
		{time.Hour + 9*time.Second, 6, 7, 0},
		{time.Hour + 40*time.Second, 6, 7, 31 * time.Second},
	} {
		if got := a.look(began.Add(step.after), step.index, step.committed); got != step.want {
			t.Errorf("after %v, %d of %d applied: waits for %v, want %v", step.after, step.index, step.committed, got, step.want)
		}
	}
}
