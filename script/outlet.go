package script

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	pieceSize = 8 << 10 // bytes read at a time
	// maxPipe is more than any pipe holds (1 MiB, if somebody made it larger).
	// It ends the last reading when a daemon goes on filling the pipe.
	maxPipe = 2 << 20
)

// outlet is the pipe that one of a script's outputs goes into. What comes out of
// it goes into kept, which is touched by nobody else until finish has returned.
//
// os/exec could do this, but once a script has ended it can only wait for the
// end of the pipe, which a daemon may hold open for ever, or give up after some
// time, which on a busy machine loses what the script said. We ask the pipe
// itself: what the script printed is in there, and when it is empty we are done.
type outlet struct {
	kept           io.Writer
	reader, writer *os.File
	piece          []byte // what is on its way from reader to kept
	reading        sync.WaitGroup
}

func openOutlet(kept io.Writer) (*outlet, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &outlet{kept: kept, reader: reader, writer: writer, piece: make([]byte, pieceSize)}, nil
}

// read begins to read. The script has been started and has its own copy of the
// writing end; ours would keep the pipe from ever ending.
func (o *outlet) read() {
	_ = o.writer.Close()
	o.reading.Go(func() {
		// Ends with the pipe, or with the deadline that finish sets. The
		// wrappers keep io from choosing its own, larger buffer.
		_, _ = io.CopyBuffer(struct{ io.Writer }{o.kept}, struct{ io.Reader }{o.reader}, o.piece)
	})
}

// finish takes what is still in the pipe and closes it. It never waits for
// anybody who holds the other end.
func (o *outlet) finish() {
	_ = o.reader.SetReadDeadline(time.Now())
	o.reading.Wait()
	_ = o.reader.SetReadDeadline(time.Time{})
	o.drain()
	_ = o.reader.Close()
}

// abandon closes the pipe of a script that was never started.
func (o *outlet) abandon() {
	_ = o.reader.Close()
	_ = o.writer.Close()
}

// drain reads until the pipe has nothing more at this moment.
func (o *outlet) drain() {
	conn, err := o.reader.SyscallConn()
	if err != nil {
		return
	}
	for total := 0; total < maxPipe; {
		n := 0
		err := conn.Read(func(fd uintptr) bool {
			n = readNow(int(fd), o.piece)
			return true // whatever came: don't wait for more
		})
		if err != nil || n <= 0 {
			return
		}
		total += n
		_, _ = o.kept.Write(o.piece[:n])
	}
}

// readNow reads from a descriptor that never blocks, as ours of a pipe is. It
// returns 0 or less when there is nothing, now or ever.
func readNow(fd int, piece []byte) int {
	for {
		n, err := syscall.Read(fd, piece)
		if !errors.Is(err, syscall.EINTR) {
			return n
		}
	}
}
