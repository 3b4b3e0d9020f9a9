package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/cli/client"
	"tocsin/cli/help"
	"tocsin/cli/screen"
	"tocsin/config"
	"tocsin/logring"
)

// asText is how a log is shown to people.
const asText = "text"

func (a app) monitor() *cobra.Command {
	var addresses []string
	level, format := "info", asText
	lines := 20
	c := &cobra.Command{
		Use:         "monitor [flags]",
		Short:       "Show the log of a node as it is written",
		Annotations: map[string]string{help.Order: "65"},
		Long: `Shows the last lines of a node's log and what comes, until it is stopped. The
level is the reader's: with --log-level debug here, debug lines are shown though
the node logs none. A node keeps its newest 4,096 lines in memory, from info on.

The lines are those of the first --address that answers. Where the node is lost
it is waited for.`,
		Example: `tocsin monitor
tocsin monitor --log-level debug --lines 0 --address node2:6000
tocsin monitor -o json | jq 'select(.key == "web")'`,
		Args: exactly(),
	}
	c.Flags().Var(config.OneOf(&level, "debug", "info", "warn", "error"), "log-level", "least `level` that is shown: debug, info, warn or error")
	c.Flags().Var(config.Number(&lines), "lines", "how many lines to begin with, up to 4096")
	help.Group(c, "Log", "log-level", "lines")
	addressFlag(c, &addresses)
	c.Flags().VarP(config.OneOf(&format, asText, screen.AsJSON), "output", "o", "`format` of the lines: text or json")
	help.Group(c, "Output", "output")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if lines < 0 || lines > logring.MaxLines {
			return misuse(c, "--lines %d is not between 0 and %d", lines, logring.MaxLines)
		}
		nodes, err := a.nodes(c, &addresses)
		if err != nil {
			return err
		}
		ctx, stop := a.whileRead(c.Context())
		defer stop()
		path := "/v1/log?" + url.Values{"level": {level}, "lines": {strconv.Itoa(lines)}}.Encode()
		if err := nodes.Follow(ctx, client.Stream{Path: path, OfOneNode: true}, monitor{a, format == screen.AsJSON}.show); err != nil {
			return fmt.Errorf("monitor: %w", err)
		}
		return nil
	}
	return c
}

// monitor shows the log of one node.
type monitor struct {
	app
	json bool
}

// show writes one message, if it is one of the log.
func (m monitor) show(got client.Message) error {
	line := got.Data
	switch got.Kind {
	case api.LogMissing:
		var gap api.LogGap
		_ = json.Unmarshal([]byte(got.Data), &gap) // the number is only words
		m.say("tocsin: %d lines are missing here: they came faster than they were read\n", gap.Lines)
		return nil
	case api.LogRestarted:
		var again api.LogRestart
		_ = json.Unmarshal([]byte(got.Data), &again) // the time is only words
		m.say("tocsin: the node was started again at %s: what follows is its log since then\n", again.Started.Local().Format(time.DateTime))
		return nil
	case api.LogLine:
		if !m.json {
			line = textLine(got.Data)
		}
	default:
		return nil
	}
	if _, err := io.WriteString(m.stdout, line+"\n"); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

// textLine writes a line of a log that is JSON as the node's own text format has
// it, with its members in their order.
func textLine(line string) string {
	var b strings.Builder
	d := json.NewDecoder(strings.NewReader(line))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return screen.Clean(line)
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return screen.Clean(line)
		}
		text := string(value)
		_ = json.Unmarshal(value, &text) // what is no text stays as it is written
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if text == "" || strings.ContainsFunc(text, needsQuotes) {
			text = strconv.Quote(text)
		}
		fmt.Fprintf(&b, "%s=%s", screen.Clean(fmt.Sprint(name)), text)
	}
	return b.String()
}

func needsQuotes(r rune) bool { return r == ' ' || r == '=' || r == '"' || !unicode.IsPrint(r) }
