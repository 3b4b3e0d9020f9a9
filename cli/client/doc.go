// Package client is how a command reaches the cluster: which addresses there
// are, what is believed and shown there (TLS, a token), and what is done while a
// node does not answer: the next one is asked, and a cluster without a leader is
// asked again for a while. An answer that is no success is a Refused, in the
// node's own words.
//
// It knows neither flags nor terminals: whoever calls says what it was told, and
// is told in sentences (Options.Say) what takes so long.
package client
