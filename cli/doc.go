// Package cli is what a person types: the agent, which runs a node, and the
// commands that ask a node for something over HTTP. The file of a command has its
// name: members.go, endpoint_apply.go for "tocsin endpoint apply".
//
// The commands know no more than the API tells; there is nothing that they can
// do and curl can't. How they reach a node is the business of package client, how
// a person sees the answer that of package screen; ask.go and output.go put the
// two together. Data goes to standard output, words about it to standard error, so
// that the output can be piped. A command that fails says why and what to do in
// one line and exits with 1; one that was called wrongly exits with 2, before
// anything was touched; so does an agent whose configuration file is wrong.
//
// Those that tell how something stands (status --exit-code, quorum check) have
// exit codes of their own, which docs/reference/exit-codes.md lists.
//
// What every command has in common: nodes.go (its flags for reaching a node),
// flags.go (those that are options of an agent), arguments.go, selection.go (which
// endpoints are meant), exit.go. Main is the one way in. It keeps no state: it may
// be called any number of times, also at once, as the tests do.
package cli
