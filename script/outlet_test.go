package script

import (
	"strings"
	"testing"
)

// What the script printed is not lost when the reading goroutine has had no turn
// yet, and somebody who still holds the other end does not keep us.
func TestOutlet_FinishTakesWhatIsThere(t *testing.T) {
	kept := head{limit: 100_000}
	o, err := openOutlet(&kept)
	if err != nil {
		t.Fatal(err)
	}
	defer o.writer.Close() // open all the time, as with a daemon
	printed := strings.Repeat("UP\n", 10_000)
	if _, err := o.writer.WriteString(printed); err != nil {
		t.Fatal(err)
	}
	o.finish()
	if text, cut := kept.text(); text != printed || cut {
		t.Errorf("%d bytes kept (cut %v), want all %d", len(text), cut, len(printed))
	}
}
