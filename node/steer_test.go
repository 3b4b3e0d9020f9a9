package node

import (
	"strings"
	"testing"
)

func TestElected_NamesWhoLeadsWhenItIsAnother(t *testing.T) {
	for _, to := range []string{"", "b"} {
		if err := elected(to, "b"); err != nil {
			t.Errorf("asked for %q: %v", to, err)
		}
	}
	if err := elected("c", "b"); err == nil || !strings.Contains(err.Error(), "b was elected and leads now") {
		t.Errorf("got %v", err)
	}
}
