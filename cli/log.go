package cli

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// logFlags say how to log.
type logFlags struct{ format, level string }

func (l *logFlags) addTo(c *cobra.Command) {
	c.Flags().Var(oneOf{&l.format, []string{"text", "json"}}, "log-format", "`format` of the log on standard error: text or json")
	c.Flags().Var(oneOf{&l.level, []string{"debug", "info", "warn", "error"}}, "log-level", "least `level` that is logged: debug, info, warn or error")
	group(c, "Log", "log-format", "log-level")
}

// logger returns the logger that the flags ask for.
func (l *logFlags) logger(to io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		level = slog.LevelInfo // the flag takes no other word
	}
	options := &slog.HandlerOptions{Level: level}
	if l.format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
