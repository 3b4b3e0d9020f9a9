package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/cli/screen"
)

func (a app) man() *cobra.Command {
	return &cobra.Command{
		Use:         "man DIRECTORY",
		Short:       "Write the pages for man(1), one for each command",
		Annotations: map[string]string{help.Order: "92"},
		Long:        `Makes DIRECTORY if it is not there. Pages of an earlier version are replaced.`,
		Example:     `sudo tocsin man /usr/local/share/man/man1 && man tocsin-agent`,
		Args:        exactly("DIRECTORY"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("man: %w", err)
			}
			written := 0
			for _, page := range help.ManPages(c.Root(), thisBuild().Version) {
				if err := os.WriteFile(filepath.Join(args[0], page.Name+".1"), []byte(page.Roff()), 0o644); err != nil {
					return fmt.Errorf("man: %w", err)
				}
				written++
			}
			a.say("wrote %d pages to %s\n", written, screen.Clean(args[0]))
			return nil
		},
	}
}
