package fsm

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
)

// FormatBallotKey returns the public part of a key as a registration has it, ""
// for no key.
func FormatBallotKey(key ed25519.PrivateKey) string {
	if len(key) != ed25519.PrivateKeySize {
		return ""
	}
	return base64.StdEncoding.EncodeToString(key[ed25519.SeedSize:])
}

// ParseBallotKey reads what FormatBallotKey wrote, nil for "".
func ParseBallotKey(text string) (ed25519.PublicKey, error) {
	if text == "" {
		return nil, nil
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("ballot key %.60q is no ed25519 key in base64", text)
	}
	return key, nil
}
