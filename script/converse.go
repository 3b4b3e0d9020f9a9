package script

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"sync"
)

// Converse is Run for a script that stays and is spoken to line by line: it runs
// the script and comes back when that has ended, by itself or because ctx has.
// What comes over say goes to its standard input, and each line that it prints on
// its standard output is given to hear, without its line feed. Command.Stdin is
// passed over.
//
// Closing say closes the script's input, which asks it to end. Nobody reads from
// say any more once the script has ended or closed its input, and as long as the
// script doesn't read: who sends must not rely on it, and select.
//
// Hear is called from one goroutine, and never after Converse is back. While it
// doesn't return nothing more is read, so that the script waits for it. It must
// not keep the line, and gets no more than Command.MaxOutput bytes of it: what
// follows of a line that is longer is dropped. A last line without a line feed is
// a line.
func Converse(ctx context.Context, c Command, say <-chan []byte, hear func(line []byte)) Result {
	in, err := openInlet(say)
	if err != nil {
		return Result{ExitCode: -1, StartErr: explain(c.Path, err)}
	}
	c.Stdin = nil
	heard := &lines{limit: cmp.Or(max(c.MaxOutput, 0), DefaultMaxOutput), hear: hear}
	result := run(ctx, c, in, heard)
	heard.end()
	return result
}

// inlet is the pipe that a script reads what it is told from. A nil inlet is
// that of a script that is told nothing, whose input is empty: all its methods do
// nothing.
type inlet struct {
	say            <-chan []byte
	reader, writer *os.File
	over           chan struct{} // closed when the script has ended
	writing        sync.WaitGroup
}

func openInlet(say <-chan []byte) (*inlet, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &inlet{say: say, reader: reader, writer: writer, over: make(chan struct{})}, nil
}

// once says one thing, and no more.
func once(text []byte) <-chan []byte {
	say := make(chan []byte, 1)
	say <- text
	close(say)
	return say
}

// write begins to write. The script has been started and has its own copy of the
// reading end; with ours open we would never learn that nobody reads.
func (i *inlet) write() {
	if i == nil {
		return
	}
	_ = i.reader.Close()
	i.writing.Go(func() {
		// Its end is the end of the script's input. Nothing to do about an error
		// of either: what the script didn't read it will not answer.
		defer func() { _ = i.writer.Close() }()
		for {
			select {
			case line, more := <-i.say:
				if !more {
					return
				}
				if _, err := i.writer.Write(line); err != nil {
					return
				}
			case <-i.over:
				return
			}
		}
	})
}

// finish ends the writing, also where somebody who doesn't read holds the other
// end open.
func (i *inlet) finish() {
	if i == nil {
		return
	}
	close(i.over)
	_ = i.writer.Close()
	i.writing.Wait()
}

// abandon closes the pipe of a script that was never started.
func (i *inlet) abandon() {
	if i != nil {
		_ = i.reader.Close()
		_ = i.writer.Close()
	}
}

// lines calls hear with each line that is written to it.
type lines struct {
	limit int // bytes of a line
	hear  func(line []byte)
	line  []byte // what has come of the next one, as far as it is kept
	begun bool   // something has come of the next one
}

// Write never fails and always takes everything.
func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		piece := rest
		if end >= 0 {
			piece = rest[:end]
		}
		l.line = append(l.line, piece[:min(len(piece), l.limit-len(l.line))]...)
		l.begun = true
		if end < 0 {
			break
		}
		rest = rest[end+1:]
		l.end()
	}
	return len(p), nil
}

// end ends the line that has begun, if one has.
func (l *lines) end() {
	if l.begun {
		l.hear(l.line)
		l.line, l.begun = l.line[:0], false
	}
}
