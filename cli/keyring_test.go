package cli

import (
	"strings"
	"testing"

	"tocsin/api"
	"tocsin/cli/screen"
	"tocsin/keyring"
)

// TestDrawKeyring_NamesThoseThatAnswered: "all nodes" is said where it is all of the
// cluster, and not where the others are silent.
func TestDrawKeyring_NamesThoseThatAnswered(t *testing.T) {
	key := api.GossipKey{Fingerprint: "7e143fd87f246984", Installed: []string{"n1", "n2"}, Primary: []string{"n1"}}
	fine := func(name string) api.NodeKeys {
		return api.NodeKeys{Node: name, Keys: []keyring.Fingerprint{key.Fingerprint}}
	}
	for what, c := range map[string]struct {
		nodes []api.NodeKeys
		want  string
	}{
		"all of them":       {[]api.NodeKeys{fine("n1"), fine("n2")}, "all 2 nodes   n1"},
		"a silent one, too": {[]api.NodeKeys{fine("n1"), fine("n2"), {Node: "n3", Silent: "it can't be reached"}}, "n1, n2        n1"},
	} {
		s := &screen.Screen{}
		drawKeyring(s, api.Keyring{Keys: []api.GossipKey{key}, Nodes: c.nodes})
		if !strings.Contains(s.String(), c.want) {
			t.Errorf("%s: want %q in\n%s", what, c.want, s)
		}
	}
}
