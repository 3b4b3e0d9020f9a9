package node

import (
	"strings"
	"testing"
)

// TestUnregistered: whoever reads it must not wipe what is on the disk of a member.
func TestUnregistered(t *testing.T) {
	for _, led := range []bool{false, true} {
		if said := unregistered(true, led); !strings.Contains(said, "is a member") || !strings.Contains(said, "leave its data directory as it is") {
			t.Errorf("of a member, led %v: %q", led, said)
		}
		if said := unregistered(false, led); strings.Contains(said, "member") || !strings.Contains(said, "not registered with a cluster yet") {
			t.Errorf("of a new node, led %v: %q", led, said)
		}
	}
	if said := unregistered(true, false); !strings.Contains(said, "start the other members") {
		t.Errorf("without a leader: %q", said)
	}
}
