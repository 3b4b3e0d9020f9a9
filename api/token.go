package api

import (
	"time"

	"tocsin/access"
	"tocsin/fsm"
)

// Token is one token as the cluster knows it.
type Token struct {
	ID      string       `json:"id" doc:"The part of the token that is no secret"`
	Name    string       `json:"name" doc:"Whose it is, or what for: it stands in the audit log"`
	Role    access.Role  `json:"role" enum:"read,operate,admin,join,node"`
	State   access.State `json:"state" enum:"valid,expired,revoked"`
	Created time.Time    `json:"created"`
	By      string       `json:"by,omitempty" doc:"Who created it, if that was proven"`
	Expires time.Time    `json:"expires,omitzero" doc:"When it ends; absent if never"`
	Revoked time.Time    `json:"revoked,omitzero" doc:"When it was revoked"`
}

// Tokens is the answer of GET /v1/tokens.
type Tokens struct {
	Tokens []Token `json:"tokens"`
}

// TokenRequest is the body of POST /v1/tokens.
type TokenRequest struct {
	Name string      `json:"name" minLength:"1" maxLength:"64" doc:"Whose it is, or what for: letters, digits and -_.@"`
	Role access.Role `json:"role" enum:"read,operate,admin,join,node"`
	// ExpiresIn is how long it lasts; nil is until it is revoked.
	ExpiresIn *fsm.Duration `json:"expires_in,omitempty" doc:"How long it lasts; until it is revoked if left out"`
	// ID and Hash are those of a token that whoever asks has drawn; without them
	// the node draws one.
	ID   string `json:"id,omitempty" minLength:"8" maxLength:"8" doc:"The ID in tocsin_ID_SECRET, the text of a token that was drawn by whoever asks"`
	Hash string `json:"hash,omitempty" minLength:"64" maxLength:"64" doc:"The SHA-256 of that text, in hexadecimal digits"`
}

// TokenCreated is the answer to a TokenRequest, and the one place that ever
// shows a token.
type TokenCreated struct {
	Token
	Text    string `json:"token,omitempty" doc:"The token itself, shown this once; absent if whoever asked has drawn it"`
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed" doc:"False if this very token was there already: the request was repeated"`
}

// TokenRevoked is the answer to DELETE /v1/tokens/{id}.
type TokenRevoked struct {
	ID      string `json:"id"`
	Index   uint64 `json:"index"`
	Changed bool   `json:"changed"`
}
