package recovery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tocsin/api"
)

// fiveMembers are n1, whose data these are, to n5, of which n5 does not vote.
func fiveMembers() members {
	m := members{self: "n1", last: 4711, servers: map[string]raft.Server{}, http: map[string]string{}}
	for i := range 5 {
		name := fmt.Sprintf("n%d", i+1)
		s := raft.Server{ID: raft.ServerID(name)}
		if name == "n5" {
			s.Suffrage = raft.Nonvoter
		}
		m.servers[name] = s
		m.names = append(m.names, name)
	}
	return m
}

func TestMembers_AMajorityIsLostOnlyWithoutTheDead(t *testing.T) {
	for dead, want := range map[string]string{
		"":            "the members are n1, n2, n3, n4, n5, and n1 has all up to entry 4711",
		"n2":          "no majority is lost: without the dead there are still n1, n3, n4, which are 3 of 4 voters",
		"n2,n5":       "no majority is lost", // n5 has no vote
		"n2,n3":       "",                    // two of four are none
		"n2,n3,n4":    "",
		"n2,n3,n4,n5": "",
		"n1,n2,n3":    "n1 is the node whose data these are",
		"n2,n3,n9":    `there is no node "n9"`,
	} {
		var names []string
		if dead != "" {
			names = strings.Split(dead, ",")
		}
		err := fiveMembers().allows(names)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("dead are %q: %v, want %q", dead, err, want)
		}
	}
}

func TestMembers_NothingIsRecoveredWhileSomebodyContradicts(t *testing.T) {
	says := func(r api.Readiness) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(r) }
	}
	babbles := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("welcome to nginx")) }
	secret := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, api.PlainTextHint, http.StatusBadRequest) }
	hangs := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	hangsUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	as := func(kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(text))
		}
	}
	cutOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"node":"n4"`))
	}
	elsewhere := http.RedirectHandler("http://127.0.0.1:0/", http.StatusFound).ServeHTTP
	others, err := newAsker("")
	if err != nil {
		t.Fatal(err)
	}
	others.client.Timeout = 500 * time.Millisecond
	const stopIt = ": stop it, or name it in --dead once it is gone"
	for name, c := range map[string]struct {
		answers map[string]http.HandlerFunc
		want    string
	}{
		"nobody answers":                   {nil, ""},
		"a survivor waits for a leader":    {map[string]http.HandlerFunc{"n4": says(api.Readiness{Node: "n4"})}, ""},
		"a survivor knows a leader":        {map[string]http.HandlerFunc{"n4": says(api.Readiness{Node: "n4", Leader: "n3"})}, "n4 at ADDRESS: it says that n3 leads: a majority is there"},
		"a dead one answers":               {map[string]http.HandlerFunc{"n2": says(api.Readiness{Node: "n2"})}, "n2 at ADDRESS: it is said to be dead, but it answers"},
		"something answers for a dead one": {map[string]http.HandlerFunc{"n2": babbles}, "n2 at ADDRESS: it is said to be dead, but something answers: it is no node of Tocsin: stop it for good"},
		"a dead one hangs":                 {map[string]http.HandlerFunc{"n2": hangs}, "n2 at ADDRESS: it is said to be dead, but something answers: it listens, and gave no answer within"},
		"another node has its address":     {map[string]http.HandlerFunc{"n2": says(api.Readiness{Node: "n7"})}, ""},
		"a survivor speaks TLS":            {map[string]http.HandlerFunc{"n4": secret}, "n4 at ADDRESS: it speaks TLS: give --tls"},
		"something answers for a survivor": {map[string]http.HandlerFunc{"n4": babbles}, ""},
		"some JSON for a survivor":         {map[string]http.HandlerFunc{"n4": as("application/json", `{"status":"ok"}`)}, ""},
		"a survivor is sent elsewhere":     {map[string]http.HandlerFunc{"n4": elsewhere}, ""},
		"a survivor hangs":                 {map[string]http.HandlerFunc{"n4": hangs}, "n4 at ADDRESS: it listens, and gave no answer within 500ms" + stopIt},
		"one without a vote hangs":         {map[string]http.HandlerFunc{"n5": hangs}, "n5 at ADDRESS: it listens, and gave no answer within 500ms" + stopIt},
		"a survivor hangs up":              {map[string]http.HandlerFunc{"n4": hangsUp}, "n4 at ADDRESS: it hung up: EOF" + stopIt},
		"a survivor's answer is cut off":   {map[string]http.HandlerFunc{"n4": cutOff}, "n4 at ADDRESS: it hung up: unexpected EOF" + stopIt},
		"a survivor's answer is no JSON":   {map[string]http.HandlerFunc{"n4": as("application/json", `{"node":"n4","lea`)}, "n4 at ADDRESS: its answer can't be read: unexpected end"},
		"a survivor's answer is of others": {map[string]http.HandlerFunc{"n4": as("application/json", `{"node":"n4","leader":7}`)}, "n4 at ADDRESS: its answer can't be read: json: cannot unmarshal number"},
		"a survivor's answer has no end":   {map[string]http.HandlerFunc{"n4": as("text/plain", strings.Repeat(" ", maxReadiness+1))}, "n4 at ADDRESS: its answer has more than 1048576 bytes" + stopIt},
		"a survivor does not say":          {map[string]http.HandlerFunc{"n4": as("application/problem+json", `{"code":"busy","detail":"too many ask"}`)}, "n4 at ADDRESS: it does not say how it is: too many ask" + stopIt},
	} {
		t.Run(name, func(t *testing.T) {
			m := fiveMembers()
			for _, name := range m.names {
				server := httptest.NewServer(c.answers[name])
				m.http[name] = server.Listener.Addr().String()
				if c.answers[name] == nil {
					server.Close()
				} else {
					defer server.Close()
					c.want = strings.ReplaceAll(c.want, "ADDRESS", m.http[name])
				}
			}
			err := m.ask(t.Context(), others, []string{"n2", "n3"})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if got := fiveMembers().survivors([]string{"n2", "n3"}); !slices.Equal(got, []string{"n4", "n5"}) {
		t.Errorf("survivors %q", got)
	}
}
