package groundwork

import (
	"fmt"
	"path/filepath"
	"strings"
)

// places are where a node's things are, as its configuration says.
type places struct{ credentials, gossipKey, joinToken, firstTokens, data, scripts string }

// placesOf returns those of a node whose folder is at home; here is whether it
// runs where that is.
func placesOf(home string, here bool) places {
	if here {
		return placesIn(home, filepath.Join(home, "data"), "")
	}
	return placesIn("/etc/tocsin", "/var/lib/tocsin", "/etc/tocsin/scripts")
}

func placesIn(home, data, scripts string) places {
	return places{
		credentials: filepath.Join(home, "tls"), gossipKey: filepath.Join(home, gossipKeyFile),
		joinToken: filepath.Join(home, joinTokenFile), firstTokens: filepath.Join(home, firstTokensFile),
		data: data, scripts: scripts,
	}
}

// configuration is the file of one node. The first of the plan founds the
// cluster.
func (p Plan) configuration(n Node, at places) string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, quoted(value))
		}
	}
	fmt.Fprintf(&b, "# Node %s, as \"tocsin init\" wrote it. \"tocsin config default\" shows what else there is.\n\n", n.Name)
	line("node", n.Name)
	line("site", n.Site)
	line("data_dir", at.data)
	line("scripts", at.scripts)
	b.WriteString("\n")
	line("http", n.address(n.HTTP))
	line("raft", n.address(n.Raft))
	line("gossip", n.address(n.Gossip))
	b.WriteString("\n# Nodes show certificates of the CA in ca.crt there. Whoever uses the API shows one\n# too, or a token.\n")
	line("tls", at.credentials)
	line("client_certs", "optional")
	line("auth", "on")
	b.WriteString("\n# All nodes have the same key there: the gossip is encrypted by it.\n# The agent may write in its folder, for when tocsin keyring changes it.\n")
	line("gossip_key_file", at.gossipKey)
	b.WriteString("\n# By this token a node is taken in.\n")
	line("peer_token_file", at.joinToken)
	b.WriteString("\n# What follows is harmless once the cluster is there.\n")
	if n.Name == p.Nodes[0].Name {
		b.WriteString("bootstrap: true\n")
		line("bootstrap_token_file", at.firstTokens)
	}
	fmt.Fprintf(&b, "join: %s\n", listed(p.addresses(n.Name)))
	return b.String()
}

// client is the file that commands are told by --client: what it names stands
// beside it.
func (p Plan) client() string {
	return fmt.Sprintf(`# What the commands of tocsin need for this cluster, as "tocsin init" wrote it:
# tocsin status --client FILE, or TOCSIN_CLIENT=FILE. Files are named from here.

address: %s
ca: ca.crt
cert: tls.crt
cert_key: tls.key
`, listed(p.addresses("")))
}

// listed writes a list as YAML has it.
func listed(items []string) string {
	quotes := make([]string, len(items))
	for i, item := range items {
		quotes[i] = quoted(item)
	}
	return "[" + strings.Join(quotes, ", ") + "]"
}

// quoted writes a text that YAML takes for nothing else: names and paths hold
// neither quotes nor line ends.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
