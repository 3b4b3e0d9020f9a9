package prose_test

import (
	"testing"

	"tocsin/prose"
)

func TestAndOr(t *testing.T) {
	for _, c := range []struct {
		names   []string
		and, or string
	}{
		{nil, "", ""},
		{[]string{"a"}, "a", "a"},
		{[]string{"a", "b"}, "a and b", "a or b"},
		{[]string{"a", "b", "c"}, "a, b and c", "a, b or c"},
	} {
		if and, or := prose.And(c.names), prose.Or(c.names); and != c.and || or != c.or {
			t.Errorf("%q: %q, %q", c.names, and, or)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "votes", 1: "vote", 2: "votes"} {
		if got := prose.Plural(n, "vote", "votes"); got != want {
			t.Errorf("%d %s, want %s", n, got, want)
		}
	}
}
