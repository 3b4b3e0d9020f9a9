// Package cli is what a person types: the agent, which runs a node, and the
// commands that ask a node for something over HTTP.
//
// The commands know no more than the API tells; there is nothing that they can
// do and curl can't. Data goes to standard output, words about it to standard
// error, so that the output can be piped; output.go is the one place that shows
// data, as a table, as JSON or as YAML. A command that fails says why and
// what to do in one line and exits with 1; one that was called wrongly exits
// with 2, before anything was touched; so does an agent whose configuration file
// is wrong.
//
// Those that tell how something stands (status --exit-code, quorum check) have
// exit codes of their own, which docs/reference/exit-codes.md lists.
//
// All that an agent can be told is listed once, in options.table; package config
// makes of it flags, variables, the file, and the page of the documentation.
//
// Main is the one way in. It keeps no state: it may be called any number of
// times, also at once, as the tests do.
package cli
