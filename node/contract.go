package node

import "tocsin/api/server"

// A Node is all that the API asks for.
var (
	_ server.State      = (*Node)(nil)
	_ server.Writer     = (*Node)(nil)
	_ server.Membership = (*Node)(nil)
	_ server.Health     = (*Node)(nil)
	_ server.Peer       = (*Node)(nil)
)
