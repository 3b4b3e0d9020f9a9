package access

import (
	"fmt"
	"slices"
	"strings"
)

// Role says what its holder may do.
type Role string

// The roles. Read, operate and admin each include the one before; node includes
// join. The two families have nothing in common: who administers a cluster does
// not speak for a node, and a node changes nothing but what it decides.
const (
	// Open is what a route asks for that serves everybody. Nobody holds it.
	Open Role = "open"
	// Read may look at everything but tokens.
	Read Role = "read"
	// Operate may change what is watched, too.
	Operate Role = "operate"
	// Admin may change who belongs to the cluster, its settings and its tokens.
	Admin Role = "admin"
	// Join may ask to be taken in as a node.
	Join Role = "join"
	// Node may do what nodes ask of each other.
	Node Role = "node"
)

// Roles returns those that somebody may hold.
func Roles() []Role { return []Role{Read, Operate, Admin, Join, Node} }

// ParseRole reads a role that somebody may hold.
func ParseRole(text string) (Role, error) {
	if r := Role(text); slices.Contains(Roles(), r) {
		return r, nil
	}
	words := make([]string, len(Roles()))
	for i, r := range Roles() {
		words[i] = string(r)
	}
	return "", fmt.Errorf("%.40q is no role: it is one of %s", text, strings.Join(words, ", "))
}

// Includes reports whether who holds r may do what needs the role need.
func (r Role) Includes(need Role) bool {
	switch need {
	case Open:
		return true
	case Read:
		return r == Read || r == Operate || r == Admin
	case Operate:
		return r == Operate || r == Admin
	case Join:
		return r == Join || r == Node
	case Admin, Node:
		return r == need
	}
	return false
}
