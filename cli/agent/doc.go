// Package agent is the process around a node: what it can be told, the log that
// it writes, and how it runs until a signal ends it.
//
// All that an agent can be told is listed once, in Options.Table; package config
// makes of it flags, variables, the file, and the page of the documentation.
// Given is what one agent was told; it is read when the agent starts, and again
// whenever somebody asks for it (SIGHUP, POST /v1/reload).
package agent
