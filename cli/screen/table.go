package screen

import (
	"slices"
	"strings"
)

const (
	// Width is the width of the terminal that tables are written for.
	Width = 80
	// columnGap is what stands between two columns, leastColumn what is left of
	// one that has to give way.
	columnGap   = 2
	leastColumn = 8
)

// Table writes rows under a heading, aligned. Where they would be wider than a
// terminal the columns that may, by default the last one, are made narrower, and
// what they say goes on in the next line. Nothing is lost.
func (s *Screen) Table(heading []string, rows [][]string, narrow ...int) {
	if len(narrow) == 0 {
		narrow = []int{len(heading) - 1}
	}
	all := append([][]string{heading}, rows...)
	widths := fit(all, narrow)
	for _, row := range all {
		s.row(row, widths, narrow)
	}
}

// fit returns how wide each column is to be.
func fit(rows [][]string, narrow []int) []int {
	widths := make([]int, len(rows[0]))
	total := columnGap * (len(widths) - 1)
	for column := range widths {
		for _, row := range rows {
			widths[column] = max(widths[column], Visible(row[column]))
		}
		total += widths[column]
	}
	for ; total > Width; total-- {
		widest := slices.MaxFunc(narrow, func(a, b int) int { return widths[a] - widths[b] })
		if widths[widest] <= leastColumn {
			break
		}
		widths[widest]--
	}
	return widths
}

// row writes one, in as many lines as it takes.
func (s *Screen) row(row []string, widths, narrow []int) {
	cells := make([][]string, len(row))
	lines := 1
	for column, text := range row {
		cells[column] = []string{text}
		if width := widths[column]; Visible(text) > width && slices.Contains(narrow, column) {
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
			line.WriteString(text + strings.Repeat(" ", widths[column]-min(Visible(text), widths[column])+columnGap))
		}
		s.Line("%s", strings.TrimRight(line.String(), " "))
	}
}
