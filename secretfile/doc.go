// Package secretfile makes and replaces files that hold a secret, and says who may read one. It
// knows nothing of what is in them: keys, tokens, whatever gives power to who has it.
//
// Its functions may be called from any goroutine.
package secretfile
