package script

import "os"

// usualPath is what scripts get when we were started without a PATH ourselves.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environment returns the environment for a script: of ours PATH, HOME, LANG,
// LC_ALL, TZ, TMPDIR and USER as far as they are set, then extra, whose later
// entries win. Nothing else of ours is passed on, because our environment may
// hold secrets and because a script should see the same on every node.
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
	return append(env, extra...)
}
