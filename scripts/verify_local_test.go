package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
	"tocsin/scripts/servicetest"
	"tocsin/verify"
)

func TestVerifyProcess(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep on this machine")
	}
	name := "tocsin-slept-longer" // more than the fifteen letters that are kept
	path := filepath.Join(servicetest.Dir(t), name)
	text, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	process := sampling(t, "verify-process.sh")
	process.want(t, name, "DOWN", "0 of "+name+" run; at least 1 should")
	first := servicetest.Start(t, servicetest.Command{Path: path, Args: []string{"600"}})
	servicetest.Eventually(t, servicetest.Holds(func() bool {
		return run(t, "verify-process.sh", nil, "key", name).Stdout[:2] == "UP"
	}))
	process.want(t, name+" user="+os.Getenv("USER"), map[bool]string{true: "UP", false: "DOWN"}[os.Getenv("USER") == ""])
	process.want(t, name+" user=nobody-at-all", "DOWN")
	process.want(t, name+" min=2", "DOWN", "at least 2 should")
	second := servicetest.Start(t, servicetest.Command{Path: path, Args: []string{"600"}})
	servicetest.Eventually(t, servicetest.Holds(func() bool {
		return run(t, "verify-process.sh", nil, "key", name+" min=2").Stdout[:2] == "UP"
	}))
	process.want(t, name+" max=1", "DOWN", "2 of", "at most 1 should")
	second.Freeze()
	process.want(t, name+" min=2", "DOWN", "1 of", "1 are stopped or dead")
	second.Kill()
	first.Kill()
	process.want(t, name, "DOWN")
	process.without(t).want(t, name, "UNKNOWN", "install procps")

	// Whoever sees only what is its own can't tell.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ps"), []byte("#!/bin/sh\necho ' 42 S tocsin sh'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	process.env = append(process.env, "PATH="+dir+":"+os.Getenv("PATH"))
	process.want(t, name, "UNKNOWN", "may not see what others run")
}

func TestVerifyFileAge(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "backup")
	age := sampling(t, "verify-file-age.sh")
	age.want(t, file+" max=60", "DOWN", "does not exist")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	age.want(t, file+" max=600 size=10", "UP", "was written")
	age.want(t, file+" max=600 size=11", "DOWN", "holds 10 bytes; at least 11 should")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	age.want(t, file+" max=3500", "DOWN", "at most 3500")
	age.want(t, file+" max=9999", "UP")
	age.want(t, file, "UNKNOWN", "max=SECONDS is missing")
	age.want(t, "backup max=1", "UNKNOWN", "does not begin with /")
	age.want(t, dir+"/none/backup max=1", "UNKNOWN", "does not exist")
}

func TestVerifyAllAndAny(t *testing.T) {
	good, bad, strange := listener(t, "127.0.0.1:0"), freeAddress(t), "nowhere.invalid:80"
	all, some := sampling(t, "verify-all-of.sh"), sampling(t, "verify-any-of.sh")
	tcp := func(address string) string { return "verify-tcp.sh " + address }

	all.want(t, tcp(good)+" && verify.sh "+good, "UP", "verify-tcp.sh: connected", "verify.sh: connected")
	all.want(t, tcp(good)+" && "+tcp(bad), "DOWN", "verify-tcp.sh: ")
	all.want(t, tcp(good)+" && "+tcp(strange), "UNKNOWN")
	all.want(t, tcp(bad)+" && "+tcp(strange), "DOWN")
	all.want(t, tcp(good), "UP")
	some.want(t, tcp(good)+" || "+tcp(bad), "UP")
	some.want(t, tcp(bad)+" || "+tcp(bad), "DOWN")
	some.want(t, tcp(bad)+" || "+tcp(strange), "UNKNOWN")
	some.want(t, tcp(good)+" || "+tcp(strange), "UP")
	all.want(t, "verify-any-of.sh "+tcp(good)+" || "+tcp(bad)+" && "+tcp(good), "UP")
	all.want(t, "verify-any-of.sh "+tcp(bad)+" || "+tcp(bad)+" && "+tcp(good), "DOWN")

	// A value comes from the network: it names scripts of this folder that
	// verify, and nothing else.
	for value, words := range map[string]string{
		tcp(good) + " && notify.sh leader":   "is not called verify-something",
		tcp(good) + " && ../verify.sh x":     "does not begin with the name of a script",
		tcp(good) + " && verify-nothing x":   "does not exist",
		tcp(good) + " && ":                   "does not begin with",
		"/bin/sh":                            "does not begin with",
		"verify-tcp.sh $(id) && lib.sh x":    "is not called",
		"verify-tcp.sh 1:1 && lib-verify.sh": "is not called",
	} {
		all.want(t, value, "UNKNOWN", words)
	}
	mute := listener(t, "127.0.0.1:0") // side by side: both wait for the same second
	start := time.Now()
	tls := "verify-tls-expiry.sh " + mute
	all.impatient().want(t, tls+" && "+tls+" && "+tls+" && "+tls+" && "+tls+" && "+tls, "DOWN", "no answer within 1 s")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("six that wait for a second took %v", took)
	}
}

// Any plugin of Nagios is a check, by a link.
func TestNagiosPlugins(t *testing.T) {
	dir := t.TempDir()
	for _, plugin := range []string{"check_tcp", "check_http", "check_file_age", "check_dummy", "utils.pm"} {
		path := servicetest.Need(t, "/usr/lib/nagios/plugins/"+plugin, "monitoring-plugins-basic")
		if err := os.Symlink(path, filepath.Join(dir, plugin)); err != nil {
			t.Fatal(err)
		}
	}
	scripts, err := script.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port := "127.0.0.1", servicetest.Port(listener(t, "127.0.0.1:0"))
	web := servicetest.Port(webServer(t))
	for _, test := range []struct {
		plugin, value string
		want          health.Status
	}{
		{"check_tcp", "-H " + host + " -p " + port, health.Up},
		{"check_tcp", "-H " + host + " -p " + servicetest.Port(freeAddress(t)), health.Down},
		{"check_http", "-H " + host + " -p " + web + " -u /fine", health.Up},
		{"check_http", "-H " + host + " -p " + web + " -u /broken", health.Down},
		{"check_http", "-H " + host + " -p " + web + " -u /nowhere", health.Up}, // a warning
		{"check_file_age", "-w 600 -c 1200 -f " + file, health.Up},
		{"check_file_age", "-w 600 -c 1200 -f " + file + ".none", health.Down},
		{"check_dummy", `3 "no idea; $(id)"`, health.Unknown},
	} {
		trial := verify.NewChecks(scripts, nil).Try(t.Context(), verify.Request{
			Key: "k", Value: test.value, Kind: fsm.CheckNagios, Script: test.plugin, Timeout: patience,
		})
		if trial.Sample.Status != test.want {
			t.Errorf("%s %s: %v, %+v, want %v", test.plugin, test.value, trial.Sample, trial.Ran, test.want)
		}
	}
}
