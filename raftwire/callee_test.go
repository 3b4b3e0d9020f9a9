package raftwire

import (
	"testing"

	"github.com/hashicorp/raft"
)

func TestCallee(t *testing.T) {
	for _, at := range []string{"10.0.0.1:7000", "[::1]:7000", "n1.example:7000"} {
		name, address, ok := splitCallee(namedTransport{}.named("n1", raft.ServerAddress(at)))
		if !ok || name != "n1" || address != at {
			t.Errorf("%s: got %s at %s, %v", at, name, address, ok)
		}
	}
	if _, _, ok := splitCallee("10.0.0.1:7000"); ok {
		t.Error("an address alone names somebody")
	}
}
