package screen

import (
	"slices"
	"strings"
)

const (
	// columnGap is what stands between two columns.
	columnGap = 2
	// leastColumn is what is left of a column that has to give way, and
	// longestWord how long a word may be to be left whole on a terminal.
	leastColumn = 8
	longestWord = 16
)

// Table writes rows under a heading, aligned. Where they would be wider than the
// page the columns that may, by default the last one, are made narrower, and what
// they say goes on in the next line. On a terminal that is too narrow even for that
// each row becomes a few lines. Nothing is lost.
func (s *Screen) Table(heading []string, rows [][]string, narrow ...int) {
	if len(narrow) == 0 {
		narrow = []int{len(heading) - 1}
	}
	all := append([][]string{heading}, rows...)
	widths := widest(all, Columns)
	room, least := Width, slices.Repeat([]int{leastColumn}, len(heading))
	if s.columns > 0 {
		room, least = s.columns, widest(all, word)
	}
	if !fit(widths, room, least, narrow) && s.columns > 0 {
		s.cards(heading, rows)
		return
	}
	for _, row := range all {
		s.row(row, widths, narrow)
	}
}

// widest returns for each column the greatest of what size says of its cells.
func widest(rows [][]string, size func(string) int) []int {
	widths := make([]int, len(rows[0]))
	for column := range widths {
		for _, row := range rows {
			widths[column] = max(widths[column], size(row[column]))
		}
	}
	return widths
}

// word is how long the longest word of text is, of those that are left whole.
func word(text string) (longest int) {
	for w := range strings.FieldsSeq(text) {
		longest = max(longest, min(Columns(w), longestWord))
	}
	return longest
}

// fit makes the columns that may be narrower so narrow that all fit into room, but
// none narrower than its least. It reports whether they do.
func fit(widths []int, room int, least, narrow []int) bool {
	total := columnGap * (len(widths) - 1)
	for _, width := range widths {
		total += width
	}
	for ; total > room; total-- {
		giving := slices.DeleteFunc(slices.Clone(narrow), func(column int) bool { return widths[column] <= least[column] })
		if len(giving) == 0 {
			return false
		}
		widths[slices.MaxFunc(giving, func(a, b int) int { return widths[a] - widths[b] })]--
	}
	return true
}

// row writes one, in as many lines as it takes.
func (s *Screen) row(row []string, widths, narrow []int) {
	cells := make([][]string, len(row))
	lines := 1
	for column, text := range row {
		cells[column] = []string{text}
		if width := widths[column]; Columns(text) > width && slices.Contains(narrow, column) {
			cells[column] = broken(text, width)
		}
		lines = max(lines, len(cells[column]))
	}
	for i := range lines {
		var line strings.Builder
		for column, cell := range cells {
			text := ""
			if i < len(cell) {
				text = cell[i]
			}
			line.WriteString(Pad(text, widths[column]) + strings.Repeat(" ", columnGap))
		}
		s.Line("%s", strings.TrimRight(line.String(), " "))
	}
}

// cards writes each row as lines: what it is about, and below that all else that
// it says, each behind its heading.
func (s *Screen) cards(heading []string, rows [][]string) {
	head := slices.Max(widest([][]string{heading}, Columns)[1:])
	room := max(s.columns-head-2*columnGap, leastColumn)
	for _, row := range rows {
		for _, line := range broken(row[0], s.columns) {
			s.Line("%s", line)
		}
		for column, text := range row[1:] {
			if text == "" || text == "-" {
				continue
			}
			title := heading[column+1]
			for _, line := range broken(text, room) {
				s.Line("  %s  %s", Pad(title, head), line)
				title = ""
			}
		}
	}
}
