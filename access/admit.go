package access

import "fmt"

// Denial says why somebody is not let in.
type Denial struct {
	// Unproven says that nothing was proven, or that what was shown proves
	// nothing; else it was proven who it is, and that is not enough.
	Unproven bool
	Reason   string
}

// Error returns the reason.
func (d Denial) Error() string { return d.Reason }

// Admit reports why a caller may not do what needs that role, nil if it may.
func Admit(c Caller, need Role) error {
	switch {
	case c.May(need):
		return nil
	case len(c) == 0:
		return Denial{Unproven: true, Reason: fmt.Sprintf("this takes the role %s, and nobody has said who asks: send a token as \"Authorization: Bearer TOKEN\" (--token-file or TOCSIN_TOKEN with the commands), or show a certificate (--client, or --cert and --cert-key)", need)}
	}
	return Denial{Reason: fmt.Sprintf("this takes the role %s, and %s has the role %s: use another token", need, c.Name(), c.Role())}
}

// AdmitPeer reports why a caller that came by TLS may not ask what nodes ask of each
// other, nil if it may: that takes the certificate of a node, whatever else is shown.
func AdmitPeer(c Caller) error {
	if shown, ok := c.Certificate(); ok && shown.Role == Node {
		return nil
	}
	return Denial{Reason: "this is for the nodes among themselves: the certificate of a node is needed"}
}
