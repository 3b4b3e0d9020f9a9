package script

import (
	"os"
	"strings"
)

// usualPath is what scripts get when we were started without a PATH ourselves.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// forScripts begins the names of variables that were set for scripts to see.
const forScripts = "SCRIPT_"

// Environment returns the environment for a script: of ours PATH, HOME, LANG,
// LC_ALL, TZ, TMPDIR and USER as far as they are set, and whatever begins with
// SCRIPT_; then extra, whose later entries win. Nothing else of ours is passed
// on, because our environment may hold secrets and because a script should see
// the same on every node.
func Environment(extra ...string) []string {
	kept := [...]string{"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"}
	env := make([]string, 0, len(kept)+len(extra))
	for _, name := range kept {
		value, set := os.LookupEnv(name)
		if name == "PATH" && value == "" {
			value, set = usualPath, true
		}
		if set {
			env = append(env, name+"="+value)
		}
	}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, forScripts) {
			env = append(env, entry)
		}
	}
	return append(env, extra...)
}
