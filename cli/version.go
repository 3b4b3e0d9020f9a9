package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/cli/screen"
)

// release is the version of a build that git did not stamp, as those with
// -buildvcs=false are. Who builds another one has the linker put it here, and
// nobody else writes to it: -ldflags "-X tocsin/cli.release=0.2.0".
var release = "0.1.0"

// build is what is known of this program.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild asks the program itself, and falls back to what the source says.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info)
}

func buildOf(info *debug.BuildInfo) build {
	b := build{
		Version: info.Main.Version, Go: cmp.Or(info.GoVersion, runtime.Version()),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = release
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) String() string {
	text := fmt.Sprintf("tocsin %s (%s, %s", b.Version, b.Go, b.Platform)
	if b.Revision != "" {
		text += ", revision " + b.Revision[:min(12, len(b.Revision))]
	}
	if b.Modified {
		text += ", modified"
	}
	return text + ")"
}

func (a app) version() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:         "version [flags]",
		Short:       "Say which version this is",
		Annotations: map[string]string{help.Order: "9"},
		Example: `tocsin version
tocsin version -o json`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			return a.printValue(output, b, func(s *screen.Screen) { s.Line("%s", b) })
		},
	}
	outputFlag(c, &output)
	return c
}
