package stream

import (
	"context"

	"tocsin/account"
	"tocsin/script"
)

// Trial is one question asked by hand.
type Trial struct {
	Asked  string // the line that asked
	Answer Answer
	Err    error // as Room.Ask returns it
	// Ran is how the script ended, with what it printed; nil if it was not run.
	Ran *script.Result
}

// Try asks one question of a process of its own, as that user (nil: ourselves), and
// has that end.
func Try(ctx context.Context, as *account.User, file string, q Question) Trial {
	t := Trial{Asked: string(encode(1, q))}
	room := New(as, nil)
	room.converse = func(ctx context.Context, c script.Command, say <-chan []byte, hear func([]byte)) script.Result {
		result := script.Converse(ctx, c, say, hear)
		t.Ran = &result // read when the room is closed
		return result
	}
	t.Answer, t.Err = room.Ask(ctx, file, q)
	room.leave(ctx)
	room.Close()
	return t
}

// leave asks all scripts to end once they have answered, and waits until they
// have. The end of ctx ends them.
func (r *Room) leave(ctx context.Context) {
	unwatch := context.AfterFunc(ctx, r.stop)
	defer unwatch()
	r.mu.Lock()
	for file, s := range r.speakers {
		delete(r.speakers, file)
		close(s.retired)
	}
	r.mu.Unlock()
	r.running.Wait()
}
