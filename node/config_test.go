package node

import (
	"strings"
	"testing"

	"tocsin/fsm"
)

func goodConfig() Config {
	return Config{
		Name: "node1", DataDir: "data", Scripts: "scripts",
		HTTP: "127.0.0.1:6000", Raft: "127.0.0.1:7000", Gossip: "127.0.0.1:8000",
		Settings: fsm.DefaultClusterSettings(),
	}
}

func TestConfig_ValidateNamesTheFlagAndTheRemedy(t *testing.T) {
	if err := goodConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"no name":            {func(c *Config) { c.Name = "" }, []string{"--node", "1 to 64"}},
		"a blank in a name":  {func(c *Config) { c.Name = "node 1" }, []string{"--node", "letters"}},
		"a bad site":         {func(c *Config) { c.Site = "a/b" }, []string{"--site"}},
		"no data directory":  {func(c *Config) { c.DataDir = "" }, []string{"--data-dir"}},
		"no port":            {func(c *Config) { c.HTTP = "127.0.0.1" }, []string{"--http", "host:port"}},
		"a port of 0":        {func(c *Config) { c.Raft = "127.0.0.1:0" }, []string{"--raft", "1 to 65535"}},
		"every address":      {func(c *Config) { c.Gossip = "0.0.0.0:8000" }, []string{"--gossip", "--advertise"}},
		"a bad join":         {func(c *Config) { c.Join = []string{"elsewhere"} }, []string{"--join", "host:port"}},
		"a bad canary":       {func(c *Config) { c.Canaries = []string{"gw"} }, []string{"--canary", "host:port"}},
		"a bad gossip join":  {func(c *Config) { c.GossipJoin = []string{":x"} }, []string{"--gossip-join"}},
		"client certs":       {func(c *Config) { c.ClientCerts = "maybe" }, []string{"--client-certs", "required"}},
		"an interval of 0":   {func(c *Config) { c.Settings.Interval = 0 }, []string{"interval 0s"}},
		"a negative limit":   {func(c *Config) { c.MaxChecks = -1 }, []string{"--max-checks"}},
		"a path as a script": {func(c *Config) { c.Settings.Verify = "../verify.sh" }, []string{"verify", "path"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := goodConfig()
			test.spoil(&c)
			err := c.Validate()
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestConfig_AdvertiseReplacesTheHost(t *testing.T) {
	c := goodConfig()
	c.HTTP, c.Advertise, c.Insecure = "0.0.0.0:6000", "10.0.0.1", true
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := c.advertised(c.HTTP); got != "10.0.0.1:6000" {
		t.Errorf("advertised = %s", got)
	}
}
