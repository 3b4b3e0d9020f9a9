package manpage_test

import (
	"os/exec"
	"strings"
	"testing"

	"tocsin/manpage"
)

func page() manpage.Page {
	return manpage.Page{
		Name: "tocsin-try", Short: "Try it", Version: "1.0", Usage: "tocsin try KEY [flags]",
		Long:     "One line\n.with a dot, and a \\ backslash.\n\n  as it is\n  written\n\nThe end.",
		Options:  []manpage.Group{{Heading: `The "first"`, Options: [][2]string{{"--dry-run", "do nothing"}, {"-o, --output FORMAT", "'quoted' at the beginning"}}}},
		Commands: [][2]string{{"now", "at once"}}, Examples: "tocsin try web\ntocsin try --dry-run", SeeAlso: []string{"tocsin", "tocsin-status"},
	}
}

func TestPage_Roff(t *testing.T) {
	want := `.TH "TOCSIN\-TRY" 1 "" "tocsin 1.0" Tocsin
.SH NAME
tocsin\-try \- try it
.SH SYNOPSIS
.nf
tocsin try KEY [flags]
.fi
.SH DESCRIPTION
One line
\&.with a dot, and a \e backslash.
.PP
.nf
  as it is
  written
.fi
.PP
The end.
.SH COMMANDS
.TP
.B now
at once
.SH OPTIONS
.SS "The \(dqfirst\(dq"
.TP
.B \-\-dry\-run
do nothing
.TP
.B \-o, \-\-output FORMAT
\&'quoted' at the beginning
.SH EXAMPLES
.nf
tocsin try web
tocsin try \-\-dry\-run
.fi
.SH SEE ALSO
.BR tocsin (1),
.BR tocsin\-status (1)
`
	if got := page().Roff(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestPage_GroffTakesIt, where groff is installed.
func TestPage_GroffTakesIt(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	c := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z")
	c.Stdin = strings.NewReader(page().Roff())
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v %s", err, out)
	}
}
