package cli

import (
	"os"
	"testing"
)

// TestArchive_NobodysIsReplaced: two that are written within a second get two names,
// and a name that was given is taken or refused.
func TestArchive_NobodysIsReplaced(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ given, want string }{
		{"", "debug.tar.gz"}, {"", "debug-2.tar.gz"}, {"", "debug-3.tar.gz"}, {"mine", "mine"}, {"mine", ""},
	} {
		name := c.given
		_, done, err := app{}.archive(&name, "debug.tar.gz")
		if (err == nil) != (c.want != "") || err == nil && name != c.want {
			t.Errorf("%q: written to %q, %v, want %q", c.given, name, err, c.want)
		}
		if err != nil {
			continue
		}
		if err := done(nil); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(c.want); err != nil {
			t.Error(err)
		}
	}
}
