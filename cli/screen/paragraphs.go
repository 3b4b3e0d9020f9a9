package screen

import "strings"

// Headed writes what somebody should look at, in lines that fit.
func (s *Screen) Headed(head, text string) {
	for i, line := range Wrap(head+" "+text, Width-2) {
		if rest, first := strings.CutPrefix(line, head); i == 0 && first {
			line = s.Paint(Yellow, head) + rest
		} else if i > 0 {
			line = "  " + line
		}
		s.Line("%s", line)
	}
}

// Paragraph writes text in lines that fit, the second one on set in.
func (s *Screen) Paragraph(text string) {
	for i, line := range Wrap(text, Width-4) {
		if i > 0 {
			line = "  " + line
		}
		s.Line("  %s", line)
	}
}

// Labelled writes text behind a word, in lines that fit; nothing if there is none.
func (s *Screen) Labelled(word, text string) {
	if text == "" {
		return
	}
	for _, line := range Wrap(text, Width-8) {
		s.Line("%-7s %s", word, line)
		word = ""
	}
}

// Sentence writes text made clean, in lines that fit.
func (s *Screen) Sentence(text string) {
	for _, line := range Wrap(Clean(text), Width) {
		s.Line("%s", line)
	}
}

// HeadIndent is how far the text of a finding stands from the left.
const HeadIndent = 10

// Block writes lines beside a word.
func (s *Screen) Block(colour, word string, lines []string) {
	head := s.Paint(colour, word) + strings.Repeat(" ", HeadIndent-len(word))
	for _, line := range lines {
		s.Line("%s%s", head, line)
		head = strings.Repeat(" ", HeadIndent)
	}
	s.Line("")
}
