package node

import "tocsin/api"

// A Node is all that the API asks for.
var (
	_ api.State      = (*Node)(nil)
	_ api.Writer     = (*Node)(nil)
	_ api.Membership = (*Node)(nil)
	_ api.Health     = (*Node)(nil)
	_ api.Peer       = (*Node)(nil)
)
