// Package api is what is said over HTTP: the answers of /v1 and the bodies that it
// takes, as JSON, the kinds of problem, and the headers. Whoever asks and whoever
// answers use these same structs.
//
// It serves nothing: api/server does. What only nodes say to each other is in
// api/peer. So a command, the doctor or a test from outside knows what an answer
// means, without all that it takes to give one.
//
// # What always holds
//
//   - Fields are added and never change their meaning; neither does a word for
//     programs, such as a [Code].
//   - An error crosses the wire in one form, as a [Problem]. [ProblemOf] is the one
//     place that makes an error an answer, and [ErrorOf] the one that makes an
//     answer an error again.
package api
