package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"tocsin/api"
	"tocsin/config"
	"tocsin/logring"
	"tocsin/prose"
)

func (a app) monitor() *cobra.Command {
	var addresses []string
	level, format := "info", "text"
	lines := 20
	c := &cobra.Command{
		Use:         "monitor [flags]",
		Short:       "Show the log of a node as it is written",
		Annotations: map[string]string{order: "65"},
		Long: `Shows the last lines of a node's log and what comes, until it is stopped. The
level is the reader's: with --log-level debug here, debug lines are shown though
the node logs none. A node keeps its newest 4,096 lines in memory, from info on.

The lines are those of the first --address that answers. Where the node is lost
it is waited for.`,
		Example: `tocsin monitor
tocsin monitor --log-level debug --lines 0 --address node2:6000
tocsin monitor --log-format json | jq 'select(.key == "web")'`,
		Args: exactly(),
	}
	c.Flags().Var(config.OneOf(&level, "debug", "info", "warn", "error"), "log-level", "least `level` that is shown: debug, info, warn or error")
	c.Flags().IntVar(&lines, "lines", lines, "how many lines to begin with, up to 4096")
	c.Flags().Var(config.OneOf(&format, "text", "json"), "log-format", "`format` of the lines: text or json")
	group(c, "Log", "log-level", "lines", "log-format")
	addressFlag(c, &addresses)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if lines < 0 || lines > logring.MaxLines {
			return misuse(c, "--lines %d is not between 0 and %d", lines, logring.MaxLines)
		}
		client, err := a.client(c, &addresses)
		if err != nil {
			return err
		}
		m := &monitor{client: client, level: level, lines: lines, json: format == "json"}
		if err := m.run(c.Context()); err != nil {
			return fmt.Errorf("monitor: %w", err)
		}
		return nil
	}
	return c
}

// monitor shows the log of one node.
type monitor struct {
	*client
	level  string
	lines  int
	json   bool
	heard  string // the address of the node, "" before one has answered
	lastID string
}

// run shows the log of the first node that answers until the program is stopped.
func (m *monitor) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	streaming := m.streamClient()
	for turn := 0; ; turn++ {
		address := m.addresses[turn%len(m.addresses)]
		if m.heard != "" {
			address = m.heard
		}
		err := m.listen(ctx, streaming, address, m.path(), m.lastID, func(kind, id, data string) error {
			m.heard = address
			if id != "" {
				m.lastID = id
			}
			return m.show(kind, data)
		})
		no, isAnswer := errors.AsType[refused](err)
		switch {
		case ctx.Err() != nil:
			return nil // as asked
		case isAnswer:
			return no
		case errors.Is(err, errOutput):
			return err
		case m.heard == "" && turn+1 == len(m.addresses):
			return fmt.Errorf("no node answers at %s (%s): name another one with --address HOST:PORT or TOCSIN_ADDRESS", strings.Join(m.addresses, " or "), reasonOf(err))
		case m.heard == "":
			continue
		}
		m.say("tocsin: %s: %s, waiting for it\n", address, prose.OneLine(reasonOf(err)))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

func (m *monitor) path() string {
	return "/v1/log?" + url.Values{"level": {m.level}, "lines": {strconv.Itoa(m.lines)}}.Encode()
}

// show writes one message, if it is one of the log.
func (m *monitor) show(kind, data string) error {
	line := data
	switch kind {
	case api.LogMissing:
		var gap api.LogGap
		_ = json.Unmarshal([]byte(data), &gap) // the number is only words
		m.say("tocsin: %d lines are missing here: they came faster than they were read\n", gap.Lines)
		return nil
	case api.LogLine:
		if !m.json {
			line = textLine(data)
		}
	default:
		return nil
	}
	if _, err := io.WriteString(m.stdout, line+"\n"); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}

// textLine writes a line of a log that is JSON as the node's own text format has
// it, with its members in their order.
func textLine(line string) string {
	var b strings.Builder
	d := json.NewDecoder(strings.NewReader(line))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return clean(line)
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return clean(line)
		}
		text := string(value)
		_ = json.Unmarshal(value, &text) // what is no text stays as it is written
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if text == "" || strings.ContainsFunc(text, needsQuotes) {
			text = strconv.Quote(text)
		}
		fmt.Fprintf(&b, "%s=%s", clean(fmt.Sprint(name)), text)
	}
	return b.String()
}

func needsQuotes(r rune) bool { return r == ' ' || r == '=' || r == '"' || !unicode.IsPrint(r) }
