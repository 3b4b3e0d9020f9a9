package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/doctor"
	"tocsin/dossier"
)

func (a app) debug() *cobra.Command {
	var addresses []string
	var file string
	c := &cobra.Command{
		Use:         "debug [flags]",
		Short:       "Gather what a bug report needs into an archive, without secrets",
		Annotations: map[string]string{help.Order: "76"},
		Long: `Asks every node for its status, configuration, metrics and newest log lines,
examines the cluster as "tocsin doctor" does, and writes all of it into an
archive; where no node knows the cluster, with what each address given tells of
itself. Profiles (goroutines) are in it where a node shows them here: "pprof:
true" in its configuration file, "tocsin reload", and this command on its
machine. What could not be had is listed in MISSING.txt.

What looks like a secret is taken out: passwords, tokens and keys, by their
names and shapes. Keys, values and addresses of endpoints stay in it. Look into
the archive before you send it to anybody.`,
		Example: `tocsin debug
tocsin debug --file /tmp/for-the-report.tar.gz
tocsin debug --file - | tar -tzf -`,
		Args: exactly(),
	}
	c.Flags().StringVar(&file, "file", "", "`file` to write; - is standard output (default tocsin-debug-TIME.tar.gz)")
	help.Group(c, "Output", "file")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		now := time.Now().UTC()
		folder := "tocsin-debug-" + now.Format("20060102-150405")
		to, done, err := a.archive(&file, folder+".tar.gz")
		if err == nil {
			err = done(a.gather(c.Context(), nodes, to, folder, now))
		}
		if err != nil {
			return fmt.Errorf("debug: %w", err)
		}
		a.say("wrote %s: look into it before you send it to anybody\n", screen.Clean(file))
		return nil
	}
	return c
}

// archive opens what the archive goes into, under a name of its own if none is
// given. Done closes it, and removes what has failed.
func (a app) archive(name *string, otherwise string) (to io.Writer, done func(error) error, err error) {
	if *name == "-" {
		return a.stdout, func(err error) error { return err }, nil
	}
	f, err := create(cmp.Or(*name, otherwise))
	for n := 2; *name == "" && errors.Is(err, fs.ErrExist) && n < 100; n++ { // others at the same time
		f, err = create(strings.Replace(otherwise, ".", fmt.Sprintf("-%d.", n), 1))
	}
	if err != nil {
		return nil, nil, err
	}
	*name = f.Name()
	return f, func(err error) error {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(f.Name()) // it is of no use, and why is told
		}
		return err
	}, nil
}

func create(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// gather writes the archive.
func (a app) gather(ctx context.Context, nodes *client.Client, to io.Writer, folder string, now time.Time) error {
	facts, asked, err := doctor.Gather(ctx, asker{nodes}, nodes.Addresses)
	if err != nil {
		return err
	}
	addresses := nodes.Addresses
	if asked != "" {
		addresses = []string{asked}
	}
	w := dossier.NewWriter(to, folder, now)
	for _, own := range []struct {
		name  string
		value any
	}{{"doctor.json", doctor.Examine(facts)}, {"this-program.json", thisBuild()}} {
		text, err := json.Marshal(own.value)
		if err != nil {
			return fmt.Errorf("write %s: %w", own.name, err)
		}
		w.JSON(own.name, text)
	}
	if err := dossier.Gather(ctx, getter{nodes}, addresses, w, func(what string) { a.say("%s\n", screen.Clean(what)) }); err != nil {
		return err
	}
	return w.Close()
}

// getter asks nodes on behalf of the dossier.
type getter struct{ nodes *client.Client }

// Get implements dossier.Asker.
func (g getter) Get(ctx context.Context, address, path string) ([]byte, error) {
	return g.nodes.AskTold(ctx, address, path)
}
