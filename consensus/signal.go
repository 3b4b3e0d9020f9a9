package consensus

import "sync"

// signal wakes everybody who waits for something to have changed.
type signal struct {
	mu      sync.Mutex
	changed chan struct{} // closed at the next broadcast; made on demand
}

// wait returns a channel that is closed at the next broadcast. Take it before
// looking at what may change.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

func (s *signal) broadcast() {
	s.mu.Lock()
	changed := s.changed
	s.changed = nil
	s.mu.Unlock()
	if changed != nil {
		close(changed)
	}
}
