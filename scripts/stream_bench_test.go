package scripts_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
	"tocsin/script"
	"tocsin/verify"
)

// BenchmarkCheck is what one check costs the machine in CPU, of this process and
// of all scripts together, when a process is started for it and when a script
// that stays is asked. The web server that the last three look at is in this
// process, so that its work counts too. Eight are made at once.
func BenchmarkCheck(b *testing.B) {
	dir := b.TempDir()
	for name, text := range map[string]string{
		"sh":     "#!/bin/sh\necho UP\n",
		"python": "#!/usr/bin/env -S python3 -I -S\nprint('UP')\n",
		"stream": `#!/usr/bin/env -S python3 -I -S
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "status": "UP"}), flush=True)
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	url := webServer(b) + "/fine"
	for _, c := range []struct {
		what, dir, script string
		kind              fsm.Check
	}{
		{"process/sh", dir, "sh", fsm.CheckScript},
		{"process/python", dir, "python", fsm.CheckScript},
		{"stream/python", dir, "stream", fsm.CheckStream},
		{"http/process/verify.sh", ".", "verify.sh", fsm.CheckScript},
		{"http/stream/verify-http-stream", ".", "verify-http-stream", fsm.CheckStream},
		{"http/built-in", ".", "", fsm.CheckHTTP},
	} {
		b.Run(c.what, func(b *testing.B) {
			scripts, err := script.OpenDir(c.dir)
			if err != nil {
				b.Fatal(err)
			}
			request := verify.Request{Key: "k", Value: url, Kind: c.kind, Script: c.script, Timeout: patience}
			checks := verify.NewChecks(scripts, nil)
			if s := checks.Check(b.Context(), request); s.Status != health.Up {
				b.Skip(s.Reason)
			}
			before := spent(b)
			checkMany(b, checks, request)
			checks.Close() // what a script has spent is known when it has ended
			b.ReportMetric(float64((spent(b)-before).Microseconds())/float64(b.N), "cpu-µs/check")
		})
	}
}

func checkMany(b *testing.B, checks *verify.Checks, request verify.Request) {
	var working sync.WaitGroup
	jobs := make(chan struct{})
	for range 8 {
		working.Go(func() {
			for range jobs {
				if s := checks.Check(context.Background(), request); s.Status != health.Up {
					b.Error(s.Reason)
				}
			}
		})
	}
	for range b.N {
		jobs <- struct{}{}
	}
	close(jobs)
	working.Wait()
}

// spent is the CPU time of this process and of its children that have ended.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			b.Fatal(err)
		}
		total += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return total
}
