package node

import (
	"errors"
	"strings"
	"testing"

	"tocsin/access"
)

func TestConfig_Exposed(t *testing.T) {
	at := func(http, raft, gossip string) Config {
		c := goodConfig()
		c.HTTP, c.Raft, c.Gossip = http, raft, gossip
		return c
	}
	open := at("10.0.0.1:6000", "10.0.0.1:7000", "10.0.0.1:8000")
	secured, owned := open, open
	secured.TLS, secured.GossipKeyFile, owned.Insecure = "tls", "gossip.key", true
	unkeyed := secured
	unkeyed.GossipKeyFile = ""
	unasked := secured
	unasked.Auth = access.Off
	for name, test := range map[string]struct {
		c    Config
		want []string // what each error says; none: it may start
	}{
		"on loopback":        {at("127.0.0.1:6000", "localhost:7000", "[::1]:8000"), nil},
		"on another network": {open, []string{"--http: other machines can reach 10.0.0.1:6000 and 10.0.0.1:7000, and ", "--gossip: other machines can reach 10.0.0.1:8000, and "}},
		"raft alone":         {at("127.0.0.1:6000", "host.example:7000", "127.0.0.1:8000"), []string{"--raft: other machines can reach host.example:7000, and "}},
		"every address":      {at("0.0.0.0:6000", "127.0.0.1:7000", "127.0.0.1:8000"), []string{"--http: other machines can reach 0.0.0.0:6000, and "}},
		"no host":            {at(":6000", "127.0.0.1:7000", "127.0.0.1:8000"), []string{"--http: other machines can reach :6000, and "}},
		"gossip alone":       {at("127.0.0.1:6000", "127.0.0.1:7000", "10.0.0.1:8000"), []string{"--gossip: other machines can reach 10.0.0.1:8000, and without a key "}},
		"without a key":      {unkeyed, []string{"--gossip: other machines can reach 10.0.0.1:8000, and without a key "}},
		"secured":            {secured, nil},
		"owned":              {owned, nil},
		"asking nobody":      {unasked, []string{"--http: other machines can reach 10.0.0.1:6000, and with --auth off "}},
	} {
		got := test.c.exposed()
		if len(got) != len(test.want) {
			t.Errorf("%s: got %v, want %d errors", name, errors.Join(got...), len(test.want))
			continue
		}
		for i, err := range got {
			if !strings.HasPrefix(err.Error(), test.want[i]) || !strings.Contains(err.Error(), "set --") || !strings.Contains(err.Error(), "--insecure") {
				t.Errorf("%s: got %v, want %q and what to do", name, err, test.want[i])
			}
		}
	}
}
