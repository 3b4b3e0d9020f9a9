package cli_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"tocsin/api"
	"tocsin/cli"
)

// TestWhatIsShownAsItHappens_EndsWithItsReader: nothing happens here, so that only a
// look at the reader, who leaves after the first lines, ends these commands.
func TestWhatIsShownAsItHappens_EndsWithItsReader(t *testing.T) {
	node := newFakeNode(t, api.Status{Cluster: cluster()})
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	for _, c := range []struct {
		args  []string
		shows bool
	}{
		{[]string{"status", "--watch", "--address", node.address}, true},
		{[]string{"events", "--follow", "--address", silent.Listener.Addr().String()}, false},
		{[]string{"monitor", "--address", silent.Listener.Addr().String()}, false},
	} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c.shows {
				_, _ = reader.Read(make([]byte, 10_000))
			}
			_ = reader.Close()
		}()
		var stderr bytes.Buffer
		if code := cli.Main(c.args, writer, &stderr); code != 0 || stderr.Len() > 0 {
			t.Errorf("%q: exit code %d, %s", c.args, code, &stderr)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
