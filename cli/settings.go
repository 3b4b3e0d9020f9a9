package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/fsm"
)

const settingsPath = "/v1/settings"

func (a app) settings() *cobra.Command {
	return family(&cobra.Command{
		Use:         "settings get|set",
		Short:       "Show or change the settings of the cluster",
		Annotations: map[string]string{help.Order: "64"},
		Long: `They hold for every endpoint that has no setting of its own, on all nodes, at
once. What one node is told for itself stands in its configuration.`,
		Example: `tocsin settings get
tocsin settings set interval=5s quorum=majority`,
	}, a.settingsGet(), a.settingsSet())
}

func (a app) settingsGet() *cobra.Command {
	var addresses []string
	var output string
	c := &cobra.Command{
		Use:         "get [NAME] [flags]",
		Short:       "Show the settings of the cluster, or one of them",
		Annotations: map[string]string{help.Order: "1"},
		Example: `tocsin settings get
tocsin settings get interval
tocsin settings get -o json`,
		Args: atMostOne,
	}
	addressFlag(c, &addresses)
	outputFlag(c, &output)
	c.RunE = func(c *cobra.Command, args []string) error {
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		raw, err := nodes.Ask(c.Context(), client.Request{Method: http.MethodGet, Path: settingsPath})
		if err != nil {
			return fmt.Errorf("settings get: %w", err)
		}
		all, err := readSettings(raw)
		if err != nil {
			return fmt.Errorf("settings get: %w", err)
		}
		if len(args) == 0 {
			return a.print(output, raw, func(s *screen.Screen) { drawFields(s, all) })
		}
		one, err := all.find(c, args[0])
		if err != nil {
			return err
		}
		return a.print(output, all[one].value, func(s *screen.Screen) { s.Line("%s", all[one].text()) })
	}
	return c
}

func (a app) settingsSet() *cobra.Command {
	var addresses []string
	c := &cobra.Command{
		Use:         "set NAME=VALUE... [flags]",
		Short:       "Change settings of the cluster",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Changes the named settings and no others, all of them or none, and shows what
each was before. If somebody else changes settings at the same time, both
changes are kept. Endpoints that are checked in another way from then on are
checked anew; nothing is notified.`,
		Example: `tocsin settings set interval=5s
tocsin settings set cooldown=1m max_voters=3`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(c, "NAME=VALUE is missing: write %s", c.UseLine())
			}
			return nil
		},
	}
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, args []string) error {
		wishes, err := wishesOf(c, args)
		if err != nil {
			return err
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		changes, err := changeSettings(c, nodes, wishes)
		if err != nil {
			return fmt.Errorf("settings set: %w", err)
		}
		s := screen.New(a.stdout)
		for _, change := range changes {
			s.Line("%s: %s → %s", change.name, screen.Clean(change.before), screen.Clean(change.after))
			if word := unwise(change.name, change.after); word != "" {
				a.say("%s\n", word)
			}
		}
		_, err = a.stdout.Write(s.Bytes())
		return err
	}
	return c
}

// wish is a setting as it is to be.
type wish struct{ name, value string }

func wishesOf(c *cobra.Command, args []string) ([]wish, error) {
	var wishes []wish
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, misuse(c, "%q is not like interval=5s", arg)
		}
		if slices.ContainsFunc(wishes, func(w wish) bool { return w.name == name }) {
			return nil, misuse(c, "%s is given twice", name)
		}
		wishes = append(wishes, wish{name, value})
	}
	return wishes, nil
}

// settingChange is what became of a wish.
type settingChange struct{ name, before, after string }

// changeSettings reads all settings, and writes them back with the wishes put
// over them, if nobody has written in between; else it begins anew. It touches
// nothing that it does not know: a newer node may have more settings.
func changeSettings(c *cobra.Command, nodes *client.Client, wishes []wish) ([]settingChange, error) {
	for try := 1; ; try++ {
		var etag string
		raw, err := nodes.Ask(c.Context(), client.Request{Method: http.MethodGet, Path: settingsPath, ETag: &etag})
		if err != nil {
			return nil, err
		}
		all, err := readSettings(raw)
		if err != nil {
			return nil, err
		}
		changes, err := all.put(c, wishes)
		if err != nil {
			return nil, err
		}
		_, err = nodes.Ask(c.Context(), client.Request{Method: http.MethodPut, Path: settingsPath, Body: all, IfMatch: etag})
		if no, ok := errors.AsType[client.Refused](err); !ok || no.Problem.Code != api.CodeUnmet || try == changeTries {
			return changes, err
		}
	}
}

// changeTries bounds how often others may write first.
const changeTries = 5

// settingList are the settings in the order in which the node tells them.
type settingList []settingField

type settingField struct {
	name  string
	value json.RawMessage
}

// text is the value as people write it.
func (f settingField) text() string {
	var word string
	if json.Unmarshal(f.value, &word) == nil {
		return config.Short(word)
	}
	return string(f.value)
}

func readSettings(raw []byte) (all settingList, err error) {
	from := json.NewDecoder(bytes.NewReader(raw))
	if token, err := from.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("the answer can't be read: is it a node of Tocsin, and of this version?")
	}
	for from.More() {
		name, err := from.Token()
		if err != nil {
			return nil, fmt.Errorf("the answer can't be read: %w", err)
		}
		f := settingField{name: fmt.Sprint(name)}
		if err := from.Decode(&f.value); err != nil {
			return nil, fmt.Errorf("the answer can't be read: %w", err)
		}
		all = append(all, f)
	}
	return all, nil
}

// MarshalJSON writes what readSettings reads.
func (l settingList) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, f := range l {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:%s", f.name, f.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// find returns where the setting of that name stands, as flags or as files
// write it.
func (l settingList) find(c *cobra.Command, name string) (int, error) {
	names := make([]string, len(l))
	for i, f := range l {
		if names[i] = f.name; f.name == strings.ReplaceAll(name, "-", "_") {
			return i, nil
		}
	}
	return 0, misuse(c, "there is no setting %q: it is one of %s", name, strings.Join(names, ", "))
}

// put sets what is wished for, and says what it was.
func (l settingList) put(c *cobra.Command, wishes []wish) ([]settingChange, error) {
	var changes []settingChange
	for _, w := range wishes {
		i, err := l.find(c, w.name)
		if err != nil {
			return nil, err
		}
		before := l[i].text()
		if l[i].value, err = likeBefore(l[i].value, w.value); err != nil {
			return nil, misuse(c, "%s: %w", l[i].name, err)
		}
		alone, err := json.Marshal(l[i : i+1])
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", l[i].name, err)
		}
		if err := json.Unmarshal(alone, new(fsm.ClusterSettings)); err != nil {
			return nil, misuse(c, "%s: %w", l[i].name, err)
		}
		changes = append(changes, settingChange{l[i].name, before, l[i].text()})
	}
	return changes, nil
}

// likeBefore returns text as a number where there was one, and else as a text.
func likeBefore(before json.RawMessage, text string) (json.RawMessage, error) {
	if !bytes.HasPrefix(before, []byte(`"`)) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%.40q is not a whole number", text)
		}
		return json.Marshal(n)
	}
	return json.Marshal(text)
}

// drawFields writes a line for each.
func drawFields(s *screen.Screen, all settingList) {
	rows := make([][]string, len(all))
	var interval fsm.Duration
	for i, f := range all {
		if f.name == "interval" {
			_ = json.Unmarshal(f.value, &interval) // one that can't be read explains nothing
		}
		rows[i] = []string{screen.Clean(f.name), screen.Clean(meaning(f.name, f.text(), interval))}
	}
	s.Table([]string{"SETTING", "VALUE"}, rows)
}

// unwise says what a setting of that value costs, "" if it is a usual one.
func unwise(name, value string) string {
	n, err := strconv.Atoi(value)
	switch {
	case name != "max_voters" || err != nil:
		return ""
	case n == 1:
		return "Only one node votes in raft from now on: without it nothing is decided. With max_voters=3 or 5 any one may fail."
	case n == 2:
		return "At most two nodes vote in raft from now on: without either of them nothing is decided. With max_voters=3 or 5 any one may fail."
	case n%2 == 0:
		return fmt.Sprintf("Of %d voters no more may fail than of %d: set max_voters to %d or %d.", n, n-1, n-1, n+1)
	}
	return ""
}

// meaning is the value of a setting in the words of people: one that is off, or
// follows from another, says so.
func meaning(name, value string, interval fsm.Duration) string {
	switch {
	case name == "retry_interval" && value == "0s":
		return config.Short(fsm.Settings{Interval: interval}.Retry().String()) + " (follows from interval)"
	case name == "cooldown" && value == "0s":
		return "none"
	}
	return value
}
