package stream

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/account"
	"tocsin/script"
)

// Room holds the scripts that are asked. All methods may be called from any
// number of goroutines at once.
type Room struct {
	log      *slog.Logger
	as       *account.User
	converse converse
	ctx      context.Context // of all processes
	stop     context.CancelFunc
	running  sync.WaitGroup // the speakers
	counts   counts
	looks    atomic.Uint64 // at files, begun

	mu       sync.Mutex
	speakers map[string]*speaker // by file
	closed   bool
}

// converse is script.Converse, or what a test puts in its place.
type converse func(ctx context.Context, c script.Command, say <-chan []byte, hear func([]byte)) script.Result

// New returns an empty Room: nothing runs until something is asked, and then as that
// user, where nil is who we are. The logger gets the ends of scripts; nil discards
// them.
func New(as *account.User, log *slog.Logger) *Room {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Room{log: log.With("component", "stream"), as: as, converse: script.Converse, speakers: map[string]*speaker{}}
	r.ctx, r.stop = context.WithCancel(context.Background())
	return r
}

// errClosed says that nothing is asked any more.
var errClosed = errors.New("this node is stopping, and checks nothing any more")

// Ask has the script in file, as script.Dir's Resolve returns it, make one check,
// and returns what it found. The error is ErrLate, that of ctx if it ends first,
// or one that says in words what is wrong with the script.
func (r *Room) Ask(ctx context.Context, file string, q Question) (Answer, error) {
	reply := make(chan outcome, 1)
	asked := &question{Question: q, since: time.Now(), reply: reply}
	for {
		s, err := r.speaker(file)
		if err != nil {
			return Answer{}, err
		}
		select {
		case s.asks <- asked:
		case <-s.retired: // at this very moment: there is another one now
			continue
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
		select {
		case o := <-reply:
			return o.answer, o.err
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
	}
}

// Close ends all scripts and waits until they are gone. What is under way is an
// error, and so is every later Ask.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.stop()
	r.running.Wait()
}

// speaker returns the speaker of the version of file that is there now. The
// speaker of another version is retired.
func (r *Room) speaker(file string) (*speaker, error) {
	for {
		began := r.looks.Add(1)
		version, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		if s, err := r.speakerOf(file, version, began); s != nil || err != nil {
			return s, err
		}
	}
}

// speakerOf returns the speaker of a version of file that was looked at from began
// on. It is nil if somebody else, who may have looked later, saw another one: then
// the file has to be looked at once more, or the newer of two versions would be
// retired for the older.
func (r *Room) speakerOf(file string, version fs.FileInfo, began uint64) (*speaker, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if s := r.speakers[file]; s != nil {
		switch {
		case sameVersion(s.version, version):
			return s, nil
		case began <= s.seen:
			return nil, nil
		}
		close(s.retired)
	}
	s := newSpeaker(r, file, version, r.looks.Load())
	r.speakers[file] = s
	r.running.Go(func() { s.run(r.ctx) })
	return s, nil
}

// retire has nobody ask s any more.
func (r *Room) retire(s *speaker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.speakers[s.file] == s {
		delete(r.speakers, s.file)
		close(s.retired)
	}
}

// sameVersion reports whether nobody has replaced or written the file in between.
func sameVersion(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
