// Package redact takes secrets out of what leaves the machine: the archive of
// "tocsin debug", the configuration that the API shows.
//
// It goes by names, by the shapes that secrets have, and by nothing else: it
// can't know that the third argument of somebody's script is a password. So it
// takes too much rather than too little, and whoever sends something away is
// told to look at it first.
//
// All of it is pure functions, which anybody may call at any time.
package redact

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Removed stands where a secret was.
const Removed = "(removed)"

// secretNames are what names of secrets end in, without anything but letters.
// "key" alone is none: it is what endpoints are called by.
var secretNames = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "credential", "credentials", "authorization", "cookie",
	"privatekey", "apikey", "accesskey", "secretkey", "gossipkey", "gossipkeys", "encryptionkey", "encrypt",
}

// IsSecret reports whether something of that name is kept to oneself, however the
// name is written: db_password, db-password and dbPassword are.
func IsSecret(name string) bool {
	letters := strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', '.', ' ':
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, s := range secretNames {
		if strings.HasSuffix(letters, s) {
			return true
		}
	}
	return false
}

// Value returns the value of something of that name, without secrets.
func Value(name, value string) string {
	if value != "" && IsSecret(name) {
		return Removed
	}
	return Text(value)
}

// The shapes of secrets in any text.
var (
	// -----BEGIN PRIVATE KEY----- and what follows, also where lines are written
	// as \n.
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`)
	// postgres://user:secret@host
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/@:"']*):[^\s/@"']+@`)
	// Authorization: Bearer secret
	scheme = regexp.MustCompile(`(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}`)
	// password=secret, "token": "secret", --api-key secret
	named = regexp.MustCompile(`(?i)([\w.-]*(?:password|passwd|passphrase|pwd|secret|token|credentials?|private[_-]?key|api[_-]?key|access[_-]?key|gossip[_-]?keys?))(\\?["']?\s*[=:]\s*\\?["']?|\s+)([^\s"'\\,;&}\])]+)`)
)

// hints are what every secret of those shapes has in its line, in small letters.
// To look for them first is a hundred times as fast.
var hints = []string{"://", "bearer", "basic", "pass", "pwd", "secret", "token", "credential", "key"}

// Text returns text without what looks like a secret.
func Text(text string) string {
	if strings.Contains(text, "PRIVATE KEY") {
		text = privateKey.ReplaceAllString(text, Removed)
	}
	var clean strings.Builder
	for line := range strings.Lines(text) {
		small := strings.ToLower(line)
		if slices.ContainsFunc(hints, func(hint string) bool { return strings.Contains(small, hint) }) {
			line = inLine(line)
		}
		clean.WriteString(line)
	}
	return clean.String()
}

func inLine(text string) string {
	text = userInfo.ReplaceAllString(text, "$1:"+Removed+"@")
	text = scheme.ReplaceAllString(text, "$1$2"+Removed)
	return named.ReplaceAllStringFunc(text, func(found string) string {
		parts := named.FindStringSubmatch(found)
		name, between, value := parts[1], parts[2], parts[3]
		// Behind a mere blank only what follows a flag is its value: "the token
		// expired" is a sentence.
		if strings.HasPrefix(Removed, value) || strings.TrimSpace(between) == "" && !strings.HasPrefix(name, "--") {
			return found
		}
		return name + between + Removed
	})
}

// JSON returns a JSON text without secrets: members with the name of a secret
// lose their value, and every text what looks like one. What is no JSON is
// treated as a text.
func JSON(text []byte) []byte {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber() // indexes are larger than what a float holds
	var tree any
	if err := d.Decode(&tree); err != nil || d.More() {
		return []byte(Text(string(text)))
	}
	clean, err := json.MarshalIndent(walk("", tree), "", "  ")
	if err != nil {
		return []byte(Text(string(text))) // what was decoded can be encoded
	}
	return append(clean, '\n')
}

func walk(name string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if IsSecret(name) {
			return Removed
		}
		for member, of := range v {
			v[member] = walk(member, of)
		}
		// {"setting": "gossip_key", "value": "…"}, as lists of settings have it.
		if setting, ok := v["setting"].(string); ok && IsSecret(setting) {
			v["value"] = Removed
		}
	case []any:
		for i := range v {
			v[i] = walk(name, v[i])
		}
	case string:
		return Value(name, v)
	case json.Number:
		if IsSecret(name) {
			return Removed
		}
	}
	return value
}
