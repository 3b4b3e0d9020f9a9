package screen

import "strings"

// Headed writes what somebody should look at, in lines that fit.
func (s *Screen) Headed(head, text string) {
	for i, line := range Wrap(head+" "+text, s.textWidth()-2) {
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
	for i, line := range Wrap(text, s.textWidth()-4) {
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
	for _, line := range Wrap(text, s.textWidth()-8) {
		s.Line("%-7s %s", word, line)
		word = ""
	}
}

// Sentence writes text made clean, in lines that fit.
func (s *Screen) Sentence(text string) {
	for _, line := range Wrap(Clean(text), s.textWidth()) {
		s.Line("%s", line)
	}
}

// blockIndent is how far the text of a block stands from the left.
const blockIndent = 10

// Block writes text made clean beside a word, and below it what to do, if there is
// anything.
func (s *Screen) Block(colour, word, text, remedy string) {
	head := s.Paint(colour, word) + strings.Repeat(" ", blockIndent-len(word))
	room := s.textWidth() - blockIndent
	for _, line := range Wrap(Clean(text), room) {
		s.Line("%s%s", head, line)
		head = strings.Repeat(" ", blockIndent)
	}
	if remedy != "" {
		head += "-> "
		for _, line := range Wrap(Clean(remedy), room-3) {
			s.Line("%s%s", head, line)
			head = strings.Repeat(" ", blockIndent+3)
		}
	}
	s.Line("")
}
