package keyring

// Step is one thing that can be done with a ring.
type Step string

// The steps.
const (
	Install Step = "install"
	Use     Step = "use"
	Remove  Step = "remove"
)

// Change is a step, and what it is done with: a key that is to be installed, or
// one that is installed and named by its fingerprint.
type Change struct {
	Step        Step
	Key         Key
	Fingerprint Fingerprint
}

// Of returns what r is after the change. Each change can be repeated: what is so
// already is done.
func (c Change) Of(r Ring) (Ring, error) {
	switch c.Step {
	case Install:
		return r.Install(c.Key)
	case Use:
		return r.Use(c.Fingerprint)
	case Remove:
		return r.Remove(c.Fingerprint)
	}
	return r, nil
}
