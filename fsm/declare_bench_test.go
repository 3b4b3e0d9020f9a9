package fsm_test

import (
	"fmt"
	"testing"

	"tocsin/fsm"
)

// BenchmarkDeclare applies the largest declaration: every other entry waits for
// it.
func BenchmarkDeclare(b *testing.B) {
	c := fsm.DeclareEndpoints{Prune: &fsm.Scope{Prefix: "k/"}}
	for i := range fsm.MaxDeclared {
		c.Endpoints = append(c.Endpoints, fsm.Declared{
			Key: fmt.Sprintf("k/%05d", i), Value: fmt.Sprintf("http://10.0.%d.%d/health", i/250, i%250), Labels: map[string]string{"team": "storage"},
		})
	}
	packed := encode(b, c)
	for name, base := range map[string]uint64{"added": 0, "unchanged": 1} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := fsm.NewMachine()
				commit(b, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
				if base > 0 {
					applyBytes(b, m, 2, packed)
				}
				b.StartTimer()
				applyBytes(b, m, 3, packed)
			}
		})
	}
}
