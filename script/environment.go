package script

import (
	"os"
	"strings"
)

// usualPath is what scripts get when we were started without a PATH ourselves.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// forScripts begins the names of variables that were set for scripts to see.
const forScripts = "SCRIPT_"

// program names, to scripts that call it, the program that runs them.
const program = forScripts + "TOCSIN"

// Environment returns the environment for a script: of ours PATH, HOME, LANG,
// LC_ALL, TZ, TMPDIR and USER as far as they are set, and whatever begins with
// SCRIPT_; SCRIPT_TOCSIN, which is this program if it is not set; then extra,
// whose later entries win. Nothing else of ours is passed on, because our
// environment may hold secrets and because a script should see the same on every
// node.
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
	// First, so that one that is set wins. Where nobody knows, the PATH does.
	if self, err := os.Executable(); err == nil {
		env = append(env, program+"="+self)
	}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, forScripts) {
			env = append(env, entry)
		}
	}
	return append(env, extra...)
}
