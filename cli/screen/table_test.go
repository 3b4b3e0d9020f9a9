package screen

import (
	"strings"
	"testing"
)

func TestTable_FitsTheTerminal(t *testing.T) {
	for what, c := range map[string]struct {
		narrow []int
		rows   [][]string
		want   string
	}{
		"narrow enough": {nil, [][]string{{"a", "b", "c"}}, "ONE  TWO  THREE\na    b    c\n"},
		"the last one goes on in the next line": {
			nil,
			[][]string{{"a", "b", strings.Repeat("word ", 17)}},
			"ONE  TWO  THREE\na    b    " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n          word word word\n",
		},
		"what has no blank is broken": {
			[]int{0},
			[][]string{{strings.Repeat("k", 90), "b", "c"}},
			"ONE" + strings.Repeat(" ", 65) + "  TWO  THREE\n" + strings.Repeat("k", 68) + "  b    c\n" + strings.Repeat("k", 22) + "\n",
		},
		"the widest gives way first": {
			[]int{0, 2},
			[][]string{{strings.Repeat("k", 20), "b", strings.Repeat("w", 70)}},
			"ONE" + strings.Repeat(" ", 17) + "  TWO  THREE\n" + strings.Repeat("k", 20) + "  b    " + strings.Repeat("w", 53) + "\n" + strings.Repeat(" ", 27) + strings.Repeat("w", 17) + "\n",
		},
		"never below the least": {
			[]int{2},
			[][]string{{strings.Repeat("k", 90), "b", "0123456789"}},
			"ONE" + strings.Repeat(" ", 87) + "  TWO  THREE\n" + strings.Repeat("k", 90) + "  b    01234567\n" + strings.Repeat(" ", 97) + "89\n",
		},
	} {
		s := &Screen{}
		s.Table([]string{"ONE", "TWO", "THREE"}, c.rows, c.narrow...)
		if s.String() != c.want {
			t.Errorf("%s:\n%s, want\n%s", what, s, c.want)
		}
	}
}

// TestTable_OnATerminal holds that a table stays readable on whatever it is shown:
// words of moderate length are left whole, and where that leaves no room for columns
// each row becomes a few lines.
func TestTable_OnATerminal(t *testing.T) {
	heading := []string{"NODE", "SITE", "LEADER", "ADDRESS"}
	rows := [][]string{{"node1", "paris", "yes", "10.1.0.1:6000"}, {"node2", "-", "no", "10.1.0.2:6000 and elsewhere"}}
	for columns, want := range map[int]string{
		100: `NODE   SITE   LEADER  ADDRESS
node1  paris  yes     10.1.0.1:6000
node2  -      no      10.1.0.2:6000 and elsewhere
`,
		40: `NODE   SITE   LEADER  ADDRESS
node1  paris  yes     10.1.0.1:6000
node2  -      no      10.1.0.2:6000 and
                      elsewhere
`,
		30: `node1
  SITE     paris
  LEADER   yes
  ADDRESS  10.1.0.1:6000
node2
  LEADER   no
  ADDRESS  10.1.0.2:6000 and
           elsewhere
`,
		14: `node1
  SITE     paris
  LEADER   yes
  ADDRESS  10.1.0.1
           :6000
node2
  LEADER   no
  ADDRESS  10.1.0.2
           :6000
           and
           elsewher
           e
`,
	} {
		s := &Screen{columns: columns}
		s.Table(heading, rows)
		if s.String() != want {
			t.Errorf("%d columns:\n%s, want\n%s", columns, s, want)
		}
	}
}

// TestTable_WideCharacters holds that columns stand below each other on a terminal,
// where some characters take two columns and some none.
func TestTable_WideCharacters(t *testing.T) {
	s := &Screen{}
	s.Table([]string{"KEY", "STATE"}, [][]string{{"データベース", "UP"}, {"db", "DOWN"}, {"cafe\u0301", "UP"}, {"网站/一", "UP"}})
	want := "KEY           STATE\nデータベース  UP\ndb            DOWN\ncafe\u0301          UP\n网站/一       UP\n"
	if s.String() != want {
		t.Errorf("\n%s, want\n%s", s, want)
	}
}
