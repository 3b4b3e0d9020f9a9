package config

import (
	"cmp"
	"fmt"
)

// Change is one setting that has another value than before.
type Change struct {
	Key, From, To string
	// Later says when it takes effect, "" if it has.
	Later string
}

// String returns it in words.
func (c Change) String() string {
	words := fmt.Sprintf("%s changed from %s to %s", c.Key, cmp.Or(c.From, `""`), cmp.Or(c.To, `""`))
	if c.Later != "" {
		words += ": " + c.Later
	}
	return words
}

// Changes says what differs between what runs and what is wanted, which are of
// the same Table, and returns what runs once that has been taken as far as it
// can be without a start.
func Changes(runs, wanted Settings) (changes []Change, then Settings) {
	then = append(Settings(nil), wanted...)
	for i, w := range wanted {
		r := runs[i]
		if r.Text == w.Text || w.NoFile {
			continue
		}
		change := Change{Key: w.Key, From: r.Text, To: w.Text}
		if !w.Reload {
			change.Later = w.later
			then[i] = r
		}
		changes = append(changes, change)
	}
	return changes, then
}
