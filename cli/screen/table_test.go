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
