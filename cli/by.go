package cli

import (
	"cmp"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"
)

// byFlag says who does it: whoever is logged in, unless somebody else is named.
func byFlag(c *cobra.Command, by *string) {
	c.Flags().StringVar(by, "by", whoami(), "`who` does it, for others to read (default you)")
	c.Flags().Lookup("by").DefValue = "" // another one for each reader of the page
}

// whoami is never empty: cron and containers have no USER.
func whoami() string {
	name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"))
	if who, err := user.Current(); name == "" && err == nil {
		name = who.Username
	}
	return cmp.Or(name, "uid "+strconv.Itoa(os.Getuid()))
}
