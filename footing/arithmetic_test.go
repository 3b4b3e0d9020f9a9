package footing

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// world makes an arithmetic of words: a node is its site, "!" behind it says
// that it is silent, "?" that it abstains, "-" that it does not vote in raft.
func worldOf(votes, sites int, words string) arithmetic {
	a := arithmetic{leader: "n1", votes: votes, sites: sites}
	for i, w := range strings.Fields(words) {
		heard := !strings.Contains(w, "!")
		a.nodes = append(a.nodes, elector{
			name: "n" + string(rune('1'+i)), site: strings.TrimRight(w, "!?-"), voter: !strings.Contains(w, "-"),
			heard: heard, counts: heard && !strings.Contains(w, "?"),
		})
	}
	return a
}

func TestArithmetic(t *testing.T) {
	for _, c := range []struct {
		words           string
		votes, sites    int
		spare           int
		nodes, critical string
		lacks           string
	}{
		{"a", 1, 1, 0, "n1", "", ""},
		{"a a a", 2, 1, 1, "", "", ""},
		{"a b c", 2, 2, 1, "", "", ""},
		{"a a b b c", 3, 2, 2, "", "", ""},
		{"a a a b b", 3, 1, 2, "", "a", ""},
		{"a a b b", 3, 1, 1, "", "a b", ""},
		{"a a! b b c", 3, 2, 1, "", "b", ""}, // without b: two of five
		{"a a! b b! c", 3, 2, 0, "n1 n3 n5", "a b c", ""},
		{"a a! b! b! c", 3, 2, -1, "", "", "2 of 5 voters; 2 of 5 observers"},
		{"a a a a! b", 3, 2, 0, "n5", "a b", ""}, // both sites are needed
		{"a a? b b? c", 3, 2, 0, "n1 n3 n5", "a b c", ""},
		{"a? a? b? b c", 3, 2, -1, "", "", "votes of 2 of 5 observers"},
		{"a a a", 2, 2, -1, "", "", "1 of 1 sites"},
		{"a a a b- b- c-", 4, 2, 1, "", "a", ""}, // a holds all of raft
		{"a a a a a!", 5, 1, -1, "", "", "votes of 4 of 5 observers"},
	} {
		a := worldOf(c.votes, c.sites, c.words)
		spare, _ := a.spare()
		nodes, sites, _ := a.alone()
		lacks := strings.Join(a.lacks(), " ")
		if c.lacks == "" && (spare != c.spare || strings.Join(nodes, " ") != c.nodes || strings.Join(sites, " ") != c.critical || lacks != "") {
			t.Errorf("%s: %d spare, nodes %v, sites %v, %q", c.words, spare, nodes, sites, lacks)
		}
		for part := range strings.SplitSeq(c.lacks, "; ") {
			if !strings.Contains(lacks, part) || c.lacks != "" && spare != -1 {
				t.Errorf("%s: %d spare, %q, want %q", c.words, spare, lacks, part)
			}
		}
	}
}

// TestArithmetic_SpareIsWhatTryingAllSays: so many nodes may fail whichever they
// are, and there are so many and one that may not.
func TestArithmetic_SpareIsWhatTryingAllSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[abcd][!?]?-?`), 1, 7).Draw(t, "nodes")
		a := worldOf(rapid.IntRange(len(words)/2+1, len(words)).Draw(t, "votes"), rapid.IntRange(1, 3).Draw(t, "sites"), strings.Join(words, " "))
		least := len(words) + 1
		for set := range 1 << len(words) {
			var lost []string
			for i, n := range a.nodes {
				if set&(1<<i) != 0 {
					lost = append(lost, n.name)
				}
			}
			if !a.decides(lost...) {
				least = min(least, len(lost))
			}
		}
		if spare, then := a.spare(); spare != least-1 {
			t.Fatalf("%d may fail (then %s), and trying all says %d", spare, then, least-1)
		}
		if (a.leader != "" && a.decides()) != (len(a.lacks()) == 0) {
			t.Fatalf("decides: %v, lacks %q", a.decides(), a.lacks())
		}
	})
}

func TestArithmetic_WithoutALeader(t *testing.T) {
	a := worldOf(2, 1, "a a a")
	a.leader = ""
	if lacks := a.lacks(); len(lacks) != 1 || !strings.Contains(lacks[0], "no leader at this moment") || !strings.Contains(lacks[0], "still do") {
		t.Errorf("got %q", lacks)
	}
}
