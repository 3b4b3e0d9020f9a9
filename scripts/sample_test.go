package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampler runs one verification script again and again.
type sampler struct {
	script string
	env    []string
}

// want requires that VALUE gives one line that begins with status and has all of
// the words.
func (s sampler) want(t *testing.T, value, status string, words ...string) {
	t.Helper()
	r := run(t, s.script, s.env, "key", value)
	good := strings.HasPrefix(r.Stdout, status+" ") && strings.Count(r.Stdout, "\n") == 1 && r.ExitCode == 0
	for _, w := range words {
		good = good && strings.Contains(r.Stdout, w)
	}
	if !good {
		t.Errorf("%s key '%s':\n%s%swant one line with %s and %q", s.script, value, r.Stdout, r.Stderr, status, words)
	}
}

// sampling returns a sampler of a script whose deadline is generous, for a
// machine that is busy; secrets are NAME=TEXT each.
func sampling(t *testing.T, script string, secrets ...string) sampler {
	t.Helper()
	dir := t.TempDir()
	for _, s := range secrets {
		name, text, _ := strings.Cut(s, "=")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return sampler{script, []string{"SCRIPT_SECRETS_DIR=" + dir, "TOCSIN_TIMEOUT_SECONDS=20"}}
}

// impatient is s with a deadline of two seconds, for what never answers.
func (s sampler) impatient() sampler {
	return sampler{s.script, append(s.env[:len(s.env):len(s.env)], "TOCSIN_TIMEOUT_SECONDS=2")}
}

// without is s where only these tools are installed.
func (s sampler) without(t *testing.T, tools ...string) sampler {
	t.Helper()
	return sampler{s.script, append(s.env[:len(s.env):len(s.env)], only(t, append(tools, "sh")...))}
}

func TestVerify_Misuse(t *testing.T) {
	for _, name := range shipped(t) {
		if !strings.HasPrefix(name, "verify") {
			continue
		}
		for _, args := range [][]string{{}, {"one"}, {"one", "two", "three"}} {
			if len(args) == 0 && strings.HasSuffix(name, "-stream") {
				continue // that is how it is run, and nobody asks it anything
			}
			if r := run(t, name, nil, args...); !strings.HasPrefix(r.Stdout, "UNKNOWN usage: "+name) {
				t.Errorf("%s %q: %q, want UNKNOWN and the usage", name, args, r.Stdout)
			}
		}
		if r := run(t, name, nil, "key", "-x"); !strings.HasPrefix(r.Stdout, "UNKNOWN") && !strings.HasPrefix(r.Stdout, "DOWN") {
			t.Errorf("%s key -x: %q, which takes it for good", name, r.Stdout)
		}
	}
	for value, words := range map[string]string{
		"127.0.0.1:80 colour=red":                  "colour=red is no option here: verify-redis.sh knows role rival",
		"127.0.0.1:80 role":                        "role has no =",
		"127.0.0.1:80 lag=soon":                    "lag=soon is no whole number",
		"127.0.0.1:80 role=$(id)":                  "role=$(id) is neither",
		"127.0.0.1:80 =x":                          "is no option",
		"127.0.0.1:80 secret=../x":                 "is a path",
		"127.0.0.1:80 secret=none":                 "/none does not exist: put the secret there",
		"127.0.0.1:99999":                          "is no port",
		"::1:80":                                   "stands in brackets",
		"-h:80":                                    "is no host:port",
		"127.0.0.1:80 lag=`touch /tmp/x`":          "no option",
		"127.0.0.1:80 lag=99999999999999999999999": "is no whole number",
		"*:80":      "is no host:port",
		"127.0.0.1": "",
	} {
		sampling(t, "verify-redis.sh").impatient().want(t, value, map[bool]string{true: "UNKNOWN", false: "DOWN"}[value != "127.0.0.1"], words)
	}
}
