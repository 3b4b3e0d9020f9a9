package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/backup"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/fsm"
)

// snapshotTimeout is how long a backup may take on its way.
const snapshotTimeout = 5 * time.Minute

func (a app) snapshot() *cobra.Command {
	return family(&cobra.Command{
		Use:         "snapshot save|inspect|restore",
		Short:       "Take a backup of the cluster, or put one back",
		Annotations: map[string]string{help.Order: "7"},
		Long: `A backup holds all that the cluster knows. What is put back is what people have
written: the settings, the endpoints with their own settings, labels and
parents, the pauses and the maintenance windows. States are decided anew, and
nobody is notified of them.`,
		Example: `tocsin snapshot save tocsin.backup
tocsin snapshot inspect tocsin.backup
tocsin snapshot restore tocsin.backup --dry-run`,
	}, a.snapshotSave(), a.snapshotInspect(), a.snapshotRestore())
}

func (a app) snapshotSave() *cobra.Command {
	var addresses []string
	var stale bool
	c := &cobra.Command{
		Use:         "save FILE [flags]",
		Short:       "Take a backup",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Writes FILE, all of it or nothing, and readable by you alone: it holds the value
of every endpoint. It knows at least what the leader knew when it was asked. If
what would be put back is too large for one change, FILE is written and the
command fails.`,
		Example: `tocsin snapshot save /var/backups/tocsin.backup`,
		Args:    exactly("FILE"),
	}
	c.Flags().BoolVar(&stale, "stale", false, "take what the node knows itself, also without a leader")
	help.Group(c, "Taking", "stale")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		query := url.Values{"consistency": {"leader"}}
		if stale {
			query = nil
		}
		text, err := nodes.Ask(c.Context(), client.Request{Method: http.MethodGet, Path: "/v1/snapshot", Query: query, Timeout: snapshotTimeout})
		if err != nil {
			return fmt.Errorf("snapshot save: %w%s", err, unled(err, stale))
		}
		b, err := backup.Read(bytes.NewReader(text))
		switch {
		case errors.Is(err, backup.ErrTooLarge):
			return fmt.Errorf("snapshot save: nothing was stored: the values of the endpoints are too many or too long for a backup: %w: keep their export (\"tocsin endpoint export\")", err)
		case err != nil:
			return fmt.Errorf("snapshot save: what came is no whole backup (%w): ask again", err)
		}
		if err := renameio.WriteFile(args[0], text, 0o600); err != nil {
			return fmt.Errorf("snapshot save: %w", unwritten(args[0], err))
		}
		a.say("Saved %s: the cluster %s up to entry %d, %d endpoints, %d bytes.\n", screen.Clean(args[0]), screen.Clean(b.Cluster), b.Index, b.Contents().Endpoints, len(text))
		if err := b.Restorable(time.Now()); err != nil {
			return fmt.Errorf("snapshot save: %s is whole, and can't be restored: %w", args[0], err)
		}
		return nil
	}
	return c
}

// unwritten is why a file was not written, by its own name and not by that of the one
// that was to take its place.
func unwritten(file string, err error) error {
	if why, ok := errors.AsType[syscall.Errno](err); ok {
		err = why
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: there is no such folder: make it, or give a path into one that is there", file)
	}
	return fmt.Errorf("write %s: %w", file, err)
}

// unled says what can be had of a cluster that has no leader.
func unled(err error, stale bool) string {
	no, refused := errors.AsType[client.Refused](err)
	switch {
	case !refused:
		return ""
	case no.Problem.Code == api.CodeNoLeader && !stale:
		return "; \"--stale --address HOST:PORT\" takes what that one node knows"
	case no.Problem.Code == api.CodeBehind:
		return fmt.Sprintf("; a node tells what its newest snapshot holds, if it has one, %v after its start: try again with --stale then", api.StartingTime)
	}
	return ""
}

// inspected is what snapshot inspect tells of a file.
type inspected struct {
	backup.Header
	backup.Contents
	Restorable bool `json:"restorable"`
}

func (a app) snapshotInspect() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:         "inspect FILE [flags]",
		Short:       "Look whether a backup is whole, and what is in it",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Fails too if FILE is whole and still can't be restored, because what would be
put back is too large for one change.`,
		Example: `tocsin snapshot inspect tocsin.backup
tocsin snapshot inspect tocsin.backup -o json | jq .index`,
		Args: exactly("FILE"),
	}
	outputFlag(c, &output)
	c.RunE = func(_ *cobra.Command, args []string) error {
		_, b, err := readBackup(args[0])
		if err != nil {
			return fmt.Errorf("snapshot inspect: %w", err)
		}
		unfit := b.Restorable(time.Now())
		told := inspected{b.Header, b.Contents(), unfit == nil}
		err = a.printValue(output, told, func(s *screen.Screen) {
			s.Line("%s is whole.", screen.Clean(args[0]))
			s.Line("")
			s.Table([]string{"WHAT", "VALUE"}, [][]string{
				{"cluster", screen.Clean(told.Cluster)},
				{"taken", screen.Moment(told.Time)},
				{"on", screen.Clean(told.Node)},
				{"by version", screen.Dash(told.Build)},
				{"up to entry", fmt.Sprint(told.Index)},
				{"endpoints", fmt.Sprint(told.Endpoints)},
				{"pauses", fmt.Sprint(told.Pauses)},
				{"maintenance windows", fmt.Sprint(told.Windows)},
				{"members", fmt.Sprint(told.Members)},
				{"newest events", fmt.Sprint(told.Events)},
				{"can be restored", map[bool]string{true: "yes", false: "no"}[told.Restorable]},
			})
		})
		if err == nil && unfit != nil {
			return fmt.Errorf("snapshot inspect: %s can't be restored: %w", args[0], unfit)
		}
		return err
	}
	return c
}

func readBackup(name string) (text []byte, b backup.Backup, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, b, err
	}
	if info.Size() > backup.MaxSize {
		return nil, b, fmt.Errorf("%s has %d bytes, and at most %d are read", name, info.Size(), backup.MaxSize)
	}
	if text, err = os.ReadFile(name); err != nil {
		return nil, b, err
	}
	if b, err = backup.Read(bytes.NewReader(text)); err != nil {
		return nil, b, fmt.Errorf("%s: %w", name, err)
	}
	return text, b, nil
}

func (a app) snapshotRestore() *cobra.Command {
	var addresses []string
	var output, cluster string
	var dryRun, force bool
	c := &cobra.Command{
		Use:         "restore FILE [flags]",
		Short:       "Put back what people had written, from a backup",
		Annotations: map[string]string{help.Order: "3"},
		Long: `Makes the settings, endpoints, pauses and maintenance windows be as they were,
in one change: all of it is done, or nothing. What is not in FILE is deleted, a
pause too; an endpoint that was not there, or not so, begins anew. Pauses and
windows that have ended are not put back, nor are members, tokens, events and
states, and nobody is notified of what a restore brings.

A backup of another cluster is refused, unless --cluster names the one that is
meant: its id is in "tocsin status -o json".`,
		Example: `tocsin snapshot restore tocsin.backup --dry-run
tocsin snapshot restore tocsin.backup
tocsin snapshot restore tocsin.backup --cluster GDB3C4KQ`,
		Args: exactly("FILE"),
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be changed, and change nothing")
	c.Flags().StringVar(&cluster, "cluster", "", "`id` of the cluster that is meant, if the backup is of another")
	c.Flags().BoolVar(&force, "force", false, "whatever cluster the backup is of")
	help.Group(c, "Restoring", "dry-run", "cluster", "force")
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		text, _, err := readBackup(args[0])
		if err != nil {
			return fmt.Errorf("snapshot restore: %w", err)
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		query := url.Values{}
		if cluster != "" {
			query.Set("cluster", cluster)
		}
		if force {
			query.Set("force", "true")
		}
		if dryRun {
			query.Set("dry_run", "true")
		}
		raw, err := nodes.Ask(c.Context(), client.Request{Method: http.MethodPut, Path: "/v1/snapshot", Query: query, Body: text, Timeout: snapshotTimeout})
		if err != nil {
			return fmt.Errorf("snapshot restore: %w", err)
		}
		var done api.Restored
		if err := json.Unmarshal(raw, &done); err != nil {
			return fmt.Errorf("snapshot restore: it was done, and the answer can't be read: %w", err)
		}
		if err := a.print(output, raw, func(s *screen.Screen) { drawRestored(s, done) }); err != nil {
			return err
		}
		a.say("%s\n", restoredInShort(done))
		return nil
	}
	return c
}

// drawRestored names what is another now, behind a plus, a minus or nothing.
func drawRestored(s *screen.Screen, done api.Restored) {
	d := done.Difference
	for _, name := range d.Settings {
		s.Line("  settings: %s", screen.Clean(name))
	}
	drawHoldChanges(s, "pause of ", d.Pauses)
	drawHoldChanges(s, "maintenance window ", d.Windows)
	lines := map[string]string{}
	for _, key := range d.Added {
		lines[key] = drawAdded(s, key)
	}
	for _, key := range d.Deleted {
		lines[key] = drawDeleted(s, key)
	}
	for _, change := range d.Changed {
		lines[change.Key] = "  " + screen.Clean(change.Key+": "+strings.Join(change.Fields, ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		s.Line("%s", lines[key])
	}
}

// drawHoldChanges does the same for pauses, or for windows.
func drawHoldChanges(s *screen.Screen, kind string, c fsm.HoldChanges) {
	for _, name := range c.Added {
		s.Line("%s", drawAdded(s, kind+name))
	}
	for _, name := range c.Deleted {
		s.Line("%s", drawDeleted(s, kind+name))
	}
	for _, name := range c.Changed {
		s.Line("  %s", screen.Clean(kind+name))
	}
}

func drawAdded(s *screen.Screen, what string) string {
	return s.Paint(screen.Green, "+ "+screen.Clean(what))
}

func drawDeleted(s *screen.Screen, what string) string {
	return s.Paint(screen.Red, "- "+screen.Clean(what))
}

// restoredInShort counts what of each kind is another now.
func restoredInShort(done api.Restored) string {
	d := done.Difference
	count := func(kind string, added, changed, deleted int) string {
		return fmt.Sprintf("%s: %d added, %d changed, %d deleted", kind, added, changed, deleted)
	}
	text := strings.Join([]string{
		fmt.Sprintf("settings: %d changed", len(d.Settings)),
		count("endpoints", len(d.Added), len(d.Changed), len(d.Deleted)) + fmt.Sprintf(", %d unchanged", d.Unchanged),
		count("pauses", len(d.Pauses.Added), len(d.Pauses.Changed), len(d.Pauses.Deleted)),
		count("maintenance windows", len(d.Windows.Added), len(d.Windows.Changed), len(d.Windows.Deleted)),
	}, "; ")
	if done.DryRun {
		return text + ", if this were restored"
	}
	return text
}
