package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

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
	others, err := newAsker("")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answers map[string]http.HandlerFunc
		want    string
	}{
		"nobody answers":                   {nil, ""},
		"a survivor waits for a leader":    {map[string]http.HandlerFunc{"n4": says(api.Readiness{Node: "n4"})}, ""},
		"a survivor knows a leader":        {map[string]http.HandlerFunc{"n4": says(api.Readiness{Node: "n4", Leader: "n3"})}, "n4 answers at ADDRESS and says that n3 leads: a majority is there"},
		"a dead one answers":               {map[string]http.HandlerFunc{"n2": says(api.Readiness{Node: "n2"})}, "n2 is said to be dead, but it answers at ADDRESS"},
		"something answers for a dead one": {map[string]http.HandlerFunc{"n2": babbles}, "n2 is said to be dead, but something answers at ADDRESS"},
		"another node has its address":     {map[string]http.HandlerFunc{"n2": says(api.Readiness{Node: "n7"})}, ""},
		"a survivor speaks TLS":            {map[string]http.HandlerFunc{"n4": secret}, "n4 at ADDRESS: it speaks TLS: give --tls"},
		"something answers for a survivor": {map[string]http.HandlerFunc{"n4": babbles}, ""},
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
