package access

import "fmt"

// Applicant is a process that asks to be registered.
type Applicant struct {
	Node     string
	Member   bool // the node belongs to the cluster already
	Again    bool // this very process is registered with all that it says, and asks once more: nothing would change
	NoTokens bool // the cluster has none, so that nobody could show one
}

// MayRegister reports why a caller may not register that process, nil if it may.
//
// A certificate speaks for the node that it names and for no other, and a token
// with the role node for any. To come in as a new member takes a token, whatever
// else is shown: that somebody has a certificate does not say that the cluster
// was to grow by it. A cluster that has no tokens has nothing but certificates to
// go by. What is registered of a member, its addresses above all, is changed by
// nobody who has shown neither its certificate nor a token with the role node.
func MayRegister(c Caller, a Applicant) error {
	certificate, certified := c.Certificate()
	if certified && certificate.Name != a.Node {
		return denied("the certificate is that of %q, and the node that registers is %q: each node shows its own", certificate.Name, a.Node)
	}
	token, shown := c.Token()
	switch {
	case shown && token.Role == Node:
		return nil
	case a.Member && a.Again, certified && certificate.Role == Node && (a.Member || a.NoTokens):
		return nil
	case a.Member:
		return denied("node %q is a member already, and a token with the role join brings in new ones only; it changes neither the addresses of a member nor anything else of it: show the node's certificate (--tls), or a token with the role node (--peer-token-file)", a.Node)
	case !shown || !token.Role.Includes(Join):
		return denied("node %q is new here, and joining takes a token with the role join: give the node one (--peer-token-file)", a.Node)
	}
	return nil
}

func denied(format string, args ...any) error {
	return Denial{Reason: fmt.Sprintf(format, args...)}
}
