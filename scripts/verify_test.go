package scripts_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestVerify_Examples(t *testing.T) {
	for _, test := range []struct{ key, value, want string }{
		{"ping", "pong", "UP "},
		{"ping", "gone!", "DOWN "},
		{"xdcr-test-1:user-follow-test-slave", "xdcr-test-1:user-follow-test-slave", "UP "},
		{"h\u00e9", "abc", "UP "}, // bytes, on every machine
		{"--help", "--help", "UP "},
		{"k", "", "DOWN "},
		{"k", "$(kill $$); *", "DOWN "},
		{"k", "ftp://127.0.0.1/", "UNKNOWN "},
		{"k", "127.0.0.1:0000080000", "UNKNOWN "},
		{"k", "127.0.0.1:70000", "UNKNOWN "}, // not 4464, which is what is left of it in 16 bits
	} {
		if r := run(t, "verify.sh", nil, test.key, test.value); !strings.HasPrefix(r.Stdout, test.want) {
			t.Errorf("verify.sh %q %q: %q, want %s", test.key, test.value, r.Stdout, test.want)
		}
	}
}

func TestVerify_Usage(t *testing.T) {
	for _, args := range [][]string{{}, {"one"}, {"one", "two", "three"}} {
		if r := run(t, "verify.sh", nil, args...); !strings.HasPrefix(r.Stdout, "UNKNOWN usage") {
			t.Errorf("verify.sh %q: %q, want UNKNOWN", args, r.Stdout)
		}
	}
	r := run(t, "verify.sh", []string{"TOCSIN_TIMEOUT_SECONDS=soon"}, "ping", "pong")
	if !strings.HasPrefix(r.Stdout, "UNKNOWN TOCSIN_TIMEOUT_SECONDS") {
		t.Errorf("a timeout that is no number: %q, want UNKNOWN", r.Stdout)
	}
}

func TestVerify_Web(t *testing.T) {
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			path := only(t, "sh", "tail", "grep", tool)
			url := webServer(t)
			for _, test := range []struct{ what, url, timeout, want string }{
				{"healthy", url + "/fine", "20", "UP HTTP 200"},
				{"redirect", url + "/moved", "20", "UP HTTP 302"},
				{"odd characters", url + "/fine?a=[1-3]&b={x,y}", "20", "UP HTTP 200"},
				{"missing", url + "/nowhere", "20", "DOWN HTTP 404"},
				{"broken", url + "/broken", "20", "DOWN HTTP 500"},
				{"refused", "http://" + freeAddress(t) + "/", "20", "DOWN "},
				{"hanging", url + "/hanging", "0.5", "DOWN "},
				{"no such name", "http://nowhere.invalid/", "20", "UNKNOWN "},
			} {
				r := run(t, "verify.sh", []string{path, "TOCSIN_TIMEOUT_SECONDS=" + test.timeout}, "k", test.url)
				if !strings.HasPrefix(r.Stdout, test.want) || strings.Count(r.Stdout, "\n") != 1 {
					t.Errorf("%s: %q, want one line with %s", test.what, r.Stdout, test.want)
				}
			}
		})
	}
}

// An answer counts when its status has come, even if its body never ends.
func TestVerify_DrippingBody(t *testing.T) {
	path := only(t, "sh", "tail", "grep", "curl")
	r := run(t, "verify.sh", []string{path, "TOCSIN_TIMEOUT_SECONDS=1"}, "k", webServer(t)+"/dripping")
	if !strings.HasPrefix(r.Stdout, "UP HTTP 200") && !strings.HasPrefix(r.Stdout, "DOWN no answer") {
		t.Errorf("got %q, want UP (or DOWN on a machine that needs 0.8 s for a connection)", r.Stdout)
	}
}

func TestVerify_TCP(t *testing.T) {
	for _, tools := range [][]string{{"bash", "timeout"}, {"nc"}} {
		t.Run(tools[0], func(t *testing.T) {
			path := only(t, append(tools, "sh", "tail", "grep")...)
			for _, test := range []struct{ what, value, want string }{
				{"healthy", listener(t, "127.0.0.1:0"), "UP "},
				{"refused", freeAddress(t), "DOWN "},
				{"no such name", "nowhere.invalid:80", "UNKNOWN "},
			} {
				r := run(t, "verify.sh", []string{path}, "k", test.value)
				if !strings.HasPrefix(r.Stdout, test.want) || strings.Count(r.Stdout, "\n") != 1 {
					t.Errorf("%s: %q, want one line with %s", test.what, r.Stdout, test.want)
				}
			}
		})
	}
}

func TestVerify_IPv6(t *testing.T) {
	address := listener(t, "[::1]:0")
	if r := run(t, "verify.sh", nil, "k", address); !strings.HasPrefix(r.Stdout, "UP ") {
		t.Errorf("%s: %q, want UP", address, r.Stdout)
	}
}

func TestVerify_NamesWhatIsMissing(t *testing.T) {
	path := only(t, "sh", "tail", "grep")
	for value, tool := range map[string]string{webServer(t): "curl", listener(t, "127.0.0.1:0"): "nc"} {
		r := run(t, "verify.sh", []string{path}, "k", value)
		if !strings.HasPrefix(r.Stdout, "UNKNOWN ") || !strings.Contains(r.Stdout, "install "+tool) {
			t.Errorf("%s: %q, want UNKNOWN and to hear what to install", value, r.Stdout)
		}
	}
}

func webServer(t testing.TB) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/moved", http.RedirectHandler("/fine", http.StatusFound))
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/hanging", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/dripping", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// listener accepts connections as the kernel does, and says nothing to them.
func listener(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("can't listen on %s: %v", address, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
