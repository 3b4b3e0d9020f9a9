package notify

import "sync"

// ends are the runs that have come to their ends and were not looked at yet: no
// more than run, however many may. Scripts put them in, and never wait.
type ends struct {
	some chan struct{} // never closed; one place: take finds something

	mu  sync.Mutex
	all []runEnd
}

func newEnds() *ends { return &ends{some: make(chan struct{}, 1)} }

func (e *ends) put(end runEnd) {
	e.mu.Lock()
	e.all = append(e.all, end)
	e.mu.Unlock()
	select {
	case e.some <- struct{}{}:
	default:
	}
}

// take returns all of them, in the order in which they came.
func (e *ends) take() []runEnd {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.all
	e.all = nil
	return all
}
