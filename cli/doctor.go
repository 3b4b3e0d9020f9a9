package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/agent"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/doctor"
	"tocsin/prose"
)

func (a app) doctor() *cobra.Command {
	var addresses []string
	var output, file string
	c := &cobra.Command{
		Use:         "doctor [flags]",
		Short:       "Examine the cluster, and say what to do about what is wrong",
		Annotations: map[string]string{help.Order: "61", judges: "yes"},
		Long: `Asks every node what it sees and what it knows of itself, and says what is
wrong, or will be: whether the cluster can decide, who is not heard by whom,
scripts that are missing, disks, canaries, versions, clocks, sites. Where a node
runs on this machine, or --config names its file, it also looks at what lies
here, its certificates among it, and at the ways from here to the other nodes.
Nothing is changed.

Where no node knows what the cluster holds, because none has found a leader
since its start, it says what each of the addresses given tells of itself: name
all of them with --address.

Exit codes: 0 nothing to see to; 1 there are warnings; 2 something is critical;
3 it can't be told: nobody answers or knows what the cluster holds, or it was
called wrongly.`,
		Example: `tocsin doctor
tocsin doctor --config /etc/tocsin/tocsin.yaml
tocsin doctor -o json | jq '.findings[] | select(.severity == "critical")'`,
		Args: exactly(),
	}
	c.Flags().StringVar(&file, "config", "", "configuration `file` of a node of this machine, to look at it, too")
	help.Group(c, "Here", "config")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		facts, asked, err := doctor.Gather(c.Context(), asker{nodes}, nodes.Addresses)
		if _, answered := errors.AsType[client.Refused](err); answered {
			return exitError{fmt.Errorf("doctor: %w", err), exitUnknown}
		}
		if err != nil && file == "" { // with a file there is still this machine to look at
			return exitError{fmt.Errorf("doctor: %w: start a node with \"tocsin agent\", or name another one with --address HOST:PORT or TOCSIN_ADDRESS", err), exitUnknown}
		}
		if facts.Local, err = lookHere(c.Context(), nodes, facts, asked, file); err != nil {
			return misused(c, err)
		}
		report := doctor.Examine(facts)
		err = a.printValue(output, report, func(s *screen.Screen) { drawFindings(s, report, seenBy(facts, asked)) })
		if err != nil {
			return err
		}
		if facts.Untold != "" {
			return exitWith(exitUnknown)
		}
		return exitWith([...]int{exitDone, exitDone, exitWarning, exitCritical}[report.Severity])
	}
	return c
}

// asker asks nodes on behalf of the doctor.
type asker struct{ nodes *client.Client }

// Ask implements doctor.Asker.
func (a asker) Ask(ctx context.Context, address, path string, into any) error {
	text, err := a.nodes.AskTold(ctx, address, path)
	if silent, ok := errors.AsType[client.Silent](err); ok && silent.Hangs() {
		return ofKind{err, doctor.ErrHangs}
	}
	if _, ok := errors.AsType[client.Refused](err); ok {
		return ofKind{err, doctor.ErrDeclined}
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return ofKind{fmt.Errorf("the answer can't be read (%w): is it a node of Tocsin, and of this version?", err), doctor.ErrDeclined}
	}
	return nil
}

// ofKind is an error in its own words, of which the doctor can ask the kind.
type ofKind struct {
	error
	kind error
}

func (o ofKind) Unwrap() []error { return []error{o.error, o.kind} }

// seenBy says what a report is made from.
func seenBy(f doctor.Facts, asked string) string {
	cluster := f.Status.Cluster
	if f.Untold == "" {
		return fmt.Sprintf("%d nodes, as %s (%s) sees them", len(cluster.Observers), cluster.Node, asked)
	}
	var tell []string
	for _, a := range f.Answers {
		if a.Silent == "" {
			tell = append(tell, fmt.Sprintf("%s (%s)", a.Node, a.Address))
		}
	}
	if len(tell) == 0 {
		return "No node answers: this is what can be seen of this machine"
	}
	return "This is what can be had without the cluster's state, from " + prose.And(tell)
}

// lookHere looks around on this machine, if the node that was asked runs here or a
// file is named; else it returns nil.
func lookHere(ctx context.Context, nodes *client.Client, facts doctor.Facts, asked, file string) (*doctor.Local, error) {
	cluster := facts.Status.Cluster
	if file != "" {
		return lookByFile(ctx, cluster, file)
	}
	for _, o := range cluster.Observers {
		host, _, err := net.SplitHostPort(o.HTTP)
		if o.Node != cluster.Node || err != nil || !doctor.IsHere(ctx, host) {
			continue
		}
		var told api.Configuration
		if err := (asker{nodes}).Ask(ctx, asked, "/v1/config", &told); err != nil {
			told = api.Configuration{} // an older node: its files stay unseen
		}
		return doctor.Look(ctx, cluster.Observers, o.Node, placeOf(told.Settings)), nil
	}
	return nil, nil
}

// lookByFile looks around on this machine as the file says, which is not looked
// at by an agent yet.
func lookByFile(ctx context.Context, cluster api.Cluster, file string) (*doctor.Local, error) {
	g := &agent.Given{Flags: config.Layer{"config": {Texts: []string{file}, Source: config.Source{Kind: config.Flag}}}}
	l, err := g.Read()
	if err != nil {
		return nil, err
	}
	place := doctor.Place{
		Config: file, DataDir: l.Node.DataDir, Scripts: l.Node.Scripts, TLS: l.Node.TLS,
		Secrets: []string{l.Node.PeerTokenFile, l.Node.GossipKeyFile}, ScriptUser: l.Node.ScriptUser,
	}
	for _, path := range place.Paths() {
		if *path == "" {
			continue // Abs would make it the directory that we are in
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	local := doctor.Look(ctx, cluster.Observers, l.Node.Name, place)
	local.Config = place.Config
	if err := l.Settings.Blame(l.Node.ValidateHere(ctx)); err != nil {
		faults, rest := config.Split(err)
		for _, f := range faults {
			rest = append(rest, f)
		}
		for _, r := range rest {
			to := &local.Faults
			if errors.Is(r, fs.ErrPermission) {
				to = &local.Denied
			}
			*to = append(*to, prose.OneLine(r.Error()))
		}
	}
	return local, nil
}

// placeOf says where the files of a node lie. A path that is not absolute is one
// of the directory that its agent was started in, which nobody tells.
func placeOf(told []api.Configured) doctor.Place {
	var at doctor.Place
	for _, s := range told {
		switch s.Setting {
		case "config":
			at.Config = s.Value
		case "data_dir":
			at.DataDir = s.Value
		case "scripts":
			at.Scripts = s.Value
		case "tls":
			at.TLS = s.Value
		case "script_user":
			at.ScriptUser = s.Value
		case "peer_token_file", "gossip_key_file":
			at.Secrets = append(at.Secrets, s.Value)
		}
	}
	for _, path := range at.Paths() {
		if !filepath.IsAbs(*path) {
			*path = ""
		}
	}
	return at
}

// drawFindings shows what is to be seen to, and below it in short what is well.
func drawFindings(s *screen.Screen, r doctor.Report, seen string) {
	s.Line("%s", screen.Clean(seen))
	s.Line("")
	count := map[doctor.Severity]int{}
	var well, part, unexamined []string
	for _, f := range r.Findings {
		count[f.Severity]++
		if f.Severity == doctor.OK {
			if len(f.Unexamined) > 0 {
				part, unexamined = append(part, f.Subject), f.Unexamined
				continue
			}
			well = append(well, f.Subject)
			continue
		}
		drawFinding(s, f)
	}
	if len(well) > 0 {
		s.Block(screen.Green, "OK", strings.Join(well, ", "), "")
	}
	if len(part) > 0 {
		s.Block(screen.Green, "OK", strings.Join(part, ", ")+"; not examined: "+screen.Clean(prose.And(unexamined)), "")
	}
	switch {
	case count[doctor.Critical]+count[doctor.Warning] == 0:
		s.Line("Nothing to see to.")
	default:
		s.Line("%d critical, %d warnings", count[doctor.Critical], count[doctor.Warning])
	}
}

func drawFinding(s *screen.Screen, f doctor.Finding) {
	about := f.Subject
	if f.Node != "" {
		about += ", " + f.Node
	}
	colour := map[doctor.Severity]string{doctor.Critical: screen.Red, doctor.Warning: screen.Yellow, doctor.Info: screen.Green}[f.Severity]
	s.Block(colour, strings.ToUpper(f.Severity.String()), about+": "+f.Text, f.Remedy)
}
