package fsm_test

import (
	"runtime"
	"testing"
	"weak"

	"tocsin/fsm"
)

// A View that nobody reads any more is let go. Otherwise every state that ever
// was would stay in memory.
func TestMachine_LetsGoOfOldViews(t *testing.T) {
	m := fsm.NewMachine()
	apply := func(index uint64, c fsm.Command) { applyBytes(t, m, index, encode(t, c)) }
	apply(1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	old := weak.Make(m.View())
	for i := range uint64(3) {
		apply(2+i, fsm.SetEndpoint{Key: "k", Value: string('a' + rune(i))})
	}
	runtime.GC()
	if old.Value() != nil {
		t.Error("a View of four entries ago is still held")
	}
	runtime.KeepAlive(m)
}
