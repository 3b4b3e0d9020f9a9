//go:build linux

package ansible_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/hosttest/booted"
	"tocsin/hosttest/lan"
)

// httpPort is where every node answers HTTP.
const httpPort = 6000

// patience is how long a cluster may take, on a machine that others use too.
const patience = 3 * time.Minute

// The versions that are rolled out, one after the other.
const (
	firstVersion  = "0.1.0"
	secondVersion = "0.1.1"
)

// fleet is a few machines at some sites, and the one that rolls out to them.
type fleet struct {
	story     *testing.T // what is made in a chapter lasts until the story ends
	net       *lan.Net
	control   *lan.Host
	machines  []*machine
	dir       string // of the inventory, the key and what else the control has
	inventory string
	reach     reach
	version   string         // that all are to have
	binary    string         // of that version
	vars      map[string]any // of the inventory, for all machines
	next      byte
}

// reach returns at which of its addresses a host is reached.
type reach func(*lan.Host) netip.Addr

func byIPv4(h *lan.Host) netip.Addr { return h.Address }
func byIPv6(h *lan.Host) netip.Addr { return h.Address6 }

// newFleet boots a machine for each site that is named, at that site.
func newFleet(t *testing.T, reach reach, sites ...string) *fleet {
	t.Helper()
	f := &fleet{story: t, net: lan.New(), reach: reach, dir: t.TempDir(), next: 1, vars: map[string]any{
		"tocsin_patience": 300, // this machine is all of theirs
		"tocsin_settings": map[string]any{
			"check": "tcp", "interval": "1s", "retry_interval": "200ms", "timeout": "1s", "cooldown": "1s", "ballot_refresh": "1s",
		},
	}}
	t.Cleanup(f.net.Close)
	var err error
	if f.control, err = f.net.Add("control", 100); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f.path("id")))
	f.inventory = f.path("sites.yml")
	f.build(t, firstVersion)
	for _, site := range sites {
		f.add(t, site)
	}
	f.list(t)
	f.await(t)
	return f
}

func (f *fleet) path(name string) string { return filepath.Join(f.dir, name) }

// build builds the agent as the version that is rolled out from now on.
func (f *fleet) build(t *testing.T, version string) {
	t.Helper()
	f.version, f.binary = version, f.path("tocsin-"+version)
	cmd := exec.Command("go", "build", "-o", f.binary, "-ldflags", "-s -w -X tocsin/cli.release="+version, "tocsin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	run(t, cmd)
}

// add boots one more machine.
func (f *fleet) add(t *testing.T, site string) *machine {
	t.Helper()
	name := fmt.Sprintf("node%d", f.next)
	host, err := f.net.Add(name, f.next)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{Machine: booted.New(f.story, host), name: name, site: site, at: f.reach(host)}
	f.next++
	key, err := os.ReadFile(f.path("id.pub"))
	if err != nil {
		t.Fatal(err)
	}
	m.admit(t, string(key))
	m.Start(f.story)
	f.machines = append(f.machines, m)
	return m
}

// list writes the inventory.
func (f *fleet) list(t *testing.T) {
	t.Helper()
	hosts := make(map[string]any)
	for _, m := range f.machines {
		hosts[m.name] = map[string]any{"ansible_host": m.address().String(), "tocsin_site": m.site}
	}
	vars := maps.Clone(f.vars)
	vars["ansible_user"] = "root"
	vars["ansible_ssh_private_key_file"] = f.path("id")
	vars["ansible_python_interpreter"] = "/usr/bin/python3"
	vars["ansible_ssh_common_args"] = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ControlMaster=auto -o ControlPersist=20s -o ControlPath=" + f.path("ssh-%C")
	text, err := json.MarshalIndent(map[string]any{"all": map[string]any{"hosts": hosts, "vars": vars}}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.inventory, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// await waits until every machine can be reached.
func (f *fleet) await(t *testing.T) {
	t.Helper()
	for _, m := range f.machines {
		eventually(t, patience, func() error {
			conn, err := f.dial("tcp", netip.AddrPortFrom(m.address(), 22).String())
			if err == nil {
				err = conn.Close()
			}
			return err
		})
	}
}

func (f *fleet) dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return f.control.DialContext(ctx, network, address)
}

// command runs a command on the control, in the folder of the playbooks.
func (f *fleet) command(t *testing.T, name string, args ...string) (said string, err error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "TOCSIN_INVENTORY="+f.inventory, "ANSIBLE_NOCOLOR=1", "ANSIBLE_HOME="+f.path("ansible"))
	if err := f.control.Start(cmd); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	return out.String(), err
}

// play plays a playbook with the present binary, and requires that it succeeds.
func (f *fleet) play(t *testing.T, playbook string, args ...string) (said string) {
	t.Helper()
	began := time.Now()
	all := append([]string{"-i", f.inventory, "-e", "tocsin_binary=" + f.binary, playbook}, args...)
	said, err := f.command(t, "ansible-playbook", all...)
	if err != nil {
		t.Fatalf("ansible-playbook %s: %v\n%s", playbook, err, said)
	}
	t.Logf("%s %s: %.0f s", playbook, strings.Join(args, " "), time.Since(began).Seconds())
	f.keepsSecrets(t, said)
	return said
}

var changes = regexp.MustCompile(`(?m)^(\S+) +: ok=\d+ +changed=(\d+)`)

// changed returns how much a playbook has changed, by machine.
func changed(said string) map[string]string {
	found := make(map[string]string)
	for _, m := range changes.FindAllStringSubmatch(said, -1) {
		found[m[1]] = m[2]
	}
	return found
}

var task = regexp.MustCompile(`(?m)^(?:TASK|RUNNING HANDLER) \[(.*)\] |^changed: \[(\S+?)(?: -> [^\]]+)?\]`)

// tasks returns which tasks of a playbook have changed something, with the machine
// in front, sorted.
func tasks(said string) (all []string) {
	now := ""
	for _, m := range task.FindAllStringSubmatch(said, -1) {
		if m[1] != "" {
			now = m[1]
		} else {
			all = append(all, m[2]+": "+now)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// member is what a node says of another.
type member struct {
	Node, Version   string
	Observer, Fresh bool
	InRaft          string `json:"in_raft"`
}

// whole returns what keeps the cluster from being all of those machines, ready.
func (f *fleet) whole(machines ...*machine) func() error {
	return func() error {
		for _, m := range machines {
			if _, err := f.get(m, "/readyz"); err != nil {
				return err
			}
			text, err := f.get(m, "/v1/members")
			if err != nil {
				return err
			}
			var list struct{ Members []member }
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				return err
			}
			// One that was taken out is still heard of for a while.
			members := slices.DeleteFunc(list.Members, func(m member) bool { return !m.Observer })
			if len(members) != len(machines) {
				return fmt.Errorf("%s knows the members %+v, and there are %d", m.name, members, len(machines))
			}
			for _, other := range members {
				if !other.Fresh || other.InRaft != "voter" || !strings.HasPrefix(other.Version, f.version) {
					return fmt.Errorf("%s says of a member: %+v", m.name, other)
				}
			}
		}
		return nil
	}
}
