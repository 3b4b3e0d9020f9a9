package agent

import (
	"tocsin/config"
	"tocsin/fsm"
	"tocsin/node"
)

// Options are all that an agent can be told, and where it is kept.
type Options struct {
	Node node.Config
	log  logOptions
	file string
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	return &Options{
		Node: node.Config{
			DataDir: "data", Scripts: "scripts",
			HTTP: "127.0.0.1:6000", Raft: "127.0.0.1:7000", Gossip: "127.0.0.1:8000",
			MaxChecks: 64, MaxNotifications: 8, Missed: "current", Original: "on", ClientCerts: node.ClientCertsOptional, Auth: "auto",
			Settings: fsm.DefaultClusterSettings(),
		},
		log: logOptions{format: "text", level: "info"},
	}
}

const (
	// inSettings is what the settings of a cluster stand under in a file.
	inSettings = "settings"

	atNextStart = "takes effect at the next start"
	atFounding  = "is the first setting of a cluster that is founded, and changes none that is there"
)

const clusterWords = `What follows, under "settings", are the first settings of a cluster that this node founds. ` +
	`They belong to the cluster then, and are ignored here ever after.`

// Table is the one place where all of it is listed: flags, environment, file,
// help and the page of the documentation follow from it. Its values are o's.
func (o *Options) Table() config.Table {
	n := &o.Node
	table := config.Table{
		{Heading: "Configuration file", Options: []config.Option{
			{Name: "config", Value: config.Text(&o.file, "file"), NoFile: true, Help: "YAML `file` with what is not given here or in the environment; read again on SIGHUP"},
		}},
		{Heading: "This node", Options: []config.Option{
			{Name: "node", Value: config.Text(&n.Name, "name"), Help: "name of this node, kept for life (needed)"},
			{Name: "site", Value: config.Text(&n.Site, "name"), Help: "name of the place where it stands, such as a data centre"},
			{Name: "data-dir", Value: config.Text(&n.DataDir, "directory"), Help: "directory of what must survive a restart"},
			{Name: "scripts", Value: config.Text(&n.Scripts, "directory"), Help: "directory of the verification and notification scripts"},
			{Name: "script-user", Value: config.Text(&n.ScriptUser, "user[:group]"), Help: "`user` that scripts run as, by name or number, with its groups and no capabilities: then they can't read this node's keys; takes an agent that is root, or has CAP_SETUID, CAP_SETGID and CAP_KILL, and setpriv (util-linux)"},
		}},
		{Heading: "Addresses, as HOST:PORT", Options: []config.Option{
			{Name: "http", Value: config.Text(&n.HTTP, "address"), Help: "address to answer HTTP on"},
			{Name: "raft", Value: config.Text(&n.Raft, "address"), Help: "address to replicate on"},
			{Name: "gossip", Value: config.Text(&n.Gossip, "address"), Help: "address to gossip on, TCP and UDP"},
			{Name: "advertise", Value: config.Text(&n.Advertise, "host"), Help: "host that the others reach this node by, if it is another one"},
		}},
		{Heading: "Security", Options: []config.Option{
			{Name: "tls", Value: config.Text(&n.TLS, "directory"), Help: "directory with ca.crt, tls.crt and tls.key of this node: nodes then speak TLS with each other, and with all who use the API; the files are read again when they change"},
			{Name: "gossip-key-file", Value: config.Text(&n.GossipKeyFile, "file"), Help: "`file` with the keys that the gossip is encrypted by, as \"tocsin keygen\" writes it; what is in it is read again with the configuration"},
			{Name: "client-certs", Value: config.OneOf((*string)(&n.ClientCerts), "optional", "required"), Help: "`mode` of certificates of those who use the API by TLS: optional, or required; nodes always need one"},
			{Name: "insecure", Value: config.Yes(&n.Insecure), Help: "listen where other machines can reach it without what would keep strangers out"},
		}},
		{Heading: "HTTP", Options: []config.Option{
			{Name: "original-api", Value: config.OneOf((*string)(&n.Original), "on", "read", "off"), Help: "`mode` of the paths of the original (/set, /get, /status and so on): on, read (nothing that changes anything) or off"},
			{Name: "metrics-open", Value: config.Yes(&n.MetricsOpen), Help: "let everybody read /metrics, where a token is asked for else"},
			{Name: "metrics-endpoints", Value: config.Yes(&n.MetricsEndpoints), Help: "show the state of each endpoint at /metrics, of the first 1,000 in order of their keys"},
			{Name: "pprof", Value: config.Yes(&n.Profiling), Reload: true, Help: "show profiles of the process at /debug/pprof, to whoever asks from this machine"},
		}},
		{Heading: "Who may do what", Options: []config.Option{
			{Name: "auth", Value: config.OneOf((*string)(&n.Auth), "auto", "on", "off"), Help: "`when` to ask for a token or a certificate: as soon as there is one to show, a token of the cluster or a certificate of this node (auto), always (on) or never (off)"},
			{Name: "peer-token-file", Value: config.Text(&n.PeerTokenFile, "file"), Help: "`file` with the token that this node shows to the others: of the role join, or node where nodes have no certificates"},
			{Name: "bootstrap-token-file", Value: config.Text(&n.BootstrapTokenFile, "file"), Help: "`file` with the first tokens of a cluster that is founded here, as \"tocsin token create --to\" writes it: it holds no secret"},
			{Name: "audit-log", Value: config.Text(&n.AuditLog, "file"), Help: "`file` to which a line is appended for each change and each refusal, as JSON"},
		}},
		{Heading: "Joining", Options: []config.Option{
			{Name: "bootstrap", Value: config.Yes(&n.Bootstrap), Help: "found a cluster, unless a member answers at --join"},
			{Name: "join", Value: config.List(&n.Join), Many: true, Help: "HTTP addresses of members"},
			{Name: "gossip-join", Value: config.List(&n.GossipJoin), Many: true, Reload: true, Help: "gossip addresses to contact beside those of the members"},
			{Name: "leave-on-exit", Value: config.Yes(&n.LeaveOnExit), Reload: true, Help: "leave the cluster for good when stopped"},
		}},
		{Heading: "Doubting itself", Options: []config.Option{
			{Name: "canary", Value: config.List(&n.Canaries), Many: true, Reload: true, Help: "HOST:PORT or URLs that must be reachable from here: while none answers, this node abstains (its votes are UNKNOWN)"},
		}},
		{Heading: "Limits", Options: []config.Option{
			{Name: "max-checks", Value: config.Number(&n.MaxChecks), Reload: true, Help: "check scripts that run at once on this node: to be on time they need endpoints x seconds of a check / interval; http and tcp checks have room of their own"},
			{Name: "max-notifications", Value: config.Number(&n.MaxNotifications), Reload: true, Help: "notification scripts that run at once on this node"},
		}},
		{Heading: "Recovery", Options: []config.Option{
			{Name: "missed-notifications", Value: config.Word(&n.Missed, "policy"), Reload: true, Help: "after a long absence, or the loss of its ledger, this node notifies what is so now (current) or nothing of what it missed (skip)"},
		}},
		o.log.group(),
	}
	for i := range table {
		table[i].Later = atNextStart
	}
	cluster := append(SettingGroups(&n.Settings.Settings), clusterGroup(&n.Settings))
	cluster[0].Words = clusterWords
	for i := range cluster {
		cluster[i].Section, cluster[i].Later = inSettings, atFounding
	}
	return append(table, cluster...)
}

func clusterGroup(s *fsm.ClusterSettings) config.Group {
	return config.Group{Heading: "Cluster", Options: []config.Option{
		{Name: "max-voters", Value: config.Number(&s.MaxVoters), Help: "nodes that vote in raft; further ones only observe"},
		{Name: "ballot-refresh", Value: config.Word(&s.BallotRefresh, "duration"), Help: "between repeats of a node's verdicts; they count for three times as long"},
	}}
}

const sampleIntro = `The configuration of a Tocsin agent: tocsin agent --config FILE

What stands behind a "#" without a blank is the default: take the "#" away to
change it. A flag counts before the environment, that before this file:
data_dir here is TOCSIN_DATA_DIR there, and --data-dir.

On SIGHUP the agent reads this file again, and takes at once what is marked
with [reload]; it says what has to wait for a start. "tocsin validate FILE"
checks the file before.`

// Sample returns a configuration file with all there is, in which every line
// is commented out.
func Sample() string { return NewOptions().Table().Sample(sampleIntro) }
