package cli

import "strings"

// headed writes what somebody should look at, in lines that fit.
func (s *screen) headed(head, text string) {
	for i, line := range wrap(head+" "+text, tableWidth-2) {
		if rest, first := strings.CutPrefix(line, head); i == 0 && first {
			line = s.paint(yellow, head) + rest
		} else if i > 0 {
			line = "  " + line
		}
		s.line("%s", line)
	}
}

// paragraph writes text in lines that fit, the second one on set in.
func (s *screen) paragraph(text string) {
	for i, line := range wrap(text, tableWidth-4) {
		if i > 0 {
			line = "  " + line
		}
		s.line("  %s", line)
	}
}

// labelled writes text behind a word, in lines that fit; nothing if there is none.
func (s *screen) labelled(word, text string) {
	if text == "" {
		return
	}
	for _, line := range wrap(text, tableWidth-8) {
		s.line("%-7s %s", word, line)
		word = ""
	}
}

// sentence writes text made clean, in lines that fit.
func (s *screen) sentence(text string) {
	for _, line := range wrap(clean(text), tableWidth) {
		s.line("%s", line)
	}
}

// headIndent is how far the text of a finding stands from the left.
const headIndent = 10

// block writes lines beside a word.
func (s *screen) block(colour, word string, lines []string) {
	head := s.paint(colour, word) + strings.Repeat(" ", headIndent-len(word))
	for _, line := range lines {
		s.line("%s%s", head, line)
		head = strings.Repeat(" ", headIndent)
	}
	s.line("")
}
