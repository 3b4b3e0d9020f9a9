package verify

import "tocsin/fsm"

// room is where checks run, a limited number of them at once.
type room struct {
	limit   int
	running int
	waiting queue[*watch] // what is due and has to wait, the oldest first
}

func newRoom(limit int) room { return room{limit: limit, waiting: newWaiting()} }

// hasPlace reports whether another check may start.
func (r *room) hasPlace() bool { return r.running < r.limit }

// rooms are three, because what a check costs differs so much: a script is a
// process, and more of them than the machine has cores for make all of them
// late. A connection is a goroutine that waits for the other side most of the
// time, and must not wait for a script, nor hold one up: when half of the
// endpoints are silent, each keeps its place for its whole timeout. A line to a
// script that stays costs even less, and waits for that script alone, which may
// answer nothing any more.
type rooms struct{ scripts, connections, lines room }

func newRooms(cfg Config) rooms {
	return rooms{newRoom(cfg.MaxChecks), newRoom(cfg.MaxConnections), newRoom(cfg.MaxLines)}
}

// of returns the room for checks of this kind. A watch that waits in it is in
// the right one: another kind means a new revision, which schedules it anew.
func (r *rooms) of(kind fsm.Check) *room {
	switch kind {
	case fsm.CheckHTTP, fsm.CheckTCP:
		return &r.connections
	case fsm.CheckStream:
		return &r.lines
	}
	return &r.scripts
}

func (r *rooms) all() [3]*room { return [...]*room{&r.scripts, &r.connections, &r.lines} }

// running and waiting are how many do, in all.

func (r *rooms) running() (n int) {
	for _, room := range r.all() {
		n += room.running
	}
	return n
}

func (r *rooms) waiting() (n int) {
	for _, room := range r.all() {
		n += room.waiting.Len()
	}
	return n
}
