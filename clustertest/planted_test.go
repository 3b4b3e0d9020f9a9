package clustertest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	planted      = flag.Bool("planted", false, "plant one bug after the other and require that the simulation finds each")
	plantedSeeds = flag.Int("planted-seeds", 60, "how many seeds may be needed to find a planted bug")
)

// bug is a mistake that somebody could make. In a file of the production code
// one piece of text, which is there once, is replaced by another.
type bug struct{ name, file, from, to string }

var bugs = []bug{
	{
		"no compare-and-set in transitions", "fsm/transition.go",
		"case e.State != c.From, e.Sequence != c.Sequence:\n		return false, refuse(Conflict, \"endpoint %q changed its state since the decision: decide again\", c.Key)\n	case b.term != c.Term:", "case false:",
	},
	{
		"the cursor is saved before the script ran", "notify/write.go",
		"	maps.Copy(b.Entries, c.entries)\n	maps.Copy(b.Outbox, c.outbox)\n	maps.Copy(b.Acted, c.acted)\n	for _, l := range launches {\n		b.Entries[l.n.Event] = &l.entry\n	}\n",
		"	maps.Copy(b.Outbox, c.outbox)\n	maps.Copy(b.Acted, c.acted)\n",
	},
	{
		"the generation is ignored", "quorum/votes.go",
		"case b.Index < e.Generation:\n		return excludedBeforeAdded\n	case b.Index < e.Revision:\n		return excludedBeforeChanged\n", "",
	},
	{
		"a missing verdict counts as DOWN", "quorum/votes.go",
		"		v.Excluded = ExcludedNoBallot\n", "		v.Verdict = v.Verdict + 2\n",
	},
	{
		"the quorum is taken from those who are heard", "quorum/votes.go",
		"settings.Quorum.Of(len(r.observers))", "settings.Quorum.Of(table.Nodes())",
	},
	{
		"stale ballots are counted", "quorum/votes.go",
		"case age >= at.TTL:", "case false:",
	},
	{
		"a new leader decides at once", "quorum/votes.go",
		"case held.MadeAt.Before(at.Since):", "case false:",
	},
	{
		"the ledger is not synced", "clustertest/simdisk/disk.go",
		"return l.write(func", "return l.put(func",
	},
	{
		"a script does not wait for the ledger", "notify/write.go",
		"	return o.config.Ledger.Write(b)", "	go o.config.Ledger.Write(b)\n	return nil",
	},
	{
		"ballots are not passed on", "gossipdb/delegate.go",
		"	g.queue.QueueBroadcast(newBroadcast(Held{Ballot: b, MadeAt: madeAt}))\n", "",
	},
	{
		"no rejoin after a cut", "gossipdb/join.go",
		"if len(missing) == 0 || g.HasLeft() {", "if len(missing) == 0 || g.HasLeft() || g.roster.alive() > 1 {",
	},
	{
		"a snapshot without states", "fsm/restore.go",
		"	r.modified.Insert(modifiedKey(e.Modified, e.Key), e.Key)\n	return nil", "	e.State, e.Sequence, e.LastEvent = 0, 0, 0\n	r.modified.Insert(modifiedKey(e.Modified, e.Key), e.Key)\n	return nil",
	},
	{
		"a retry without a bound", "notify/lane.go",
		"{ return n.Before + attempts }", "{ return n.Before + attempts + 1000 }",
	},
	{
		"superseding drops the newest", "notify/lane.go",
		"if last := l[len(l)-1]; last != n {\n		return last.Event\n	}", "if last := l[len(l)-1]; last != n || len(l) > 1 {\n		return last.Event\n	}",
	},
	{
		"a baseline is notified", "notify/follow.go",
		"if !e.Baseline {", "if e.ID > 0 {",
	},
	{
		"events are numbered anew after a restart", "fsm/restore.go",
		"line.Event.AppliedAt = now", "line.Event.AppliedAt = now\n		line.Event.ID -= line.Event.ID % 2",
	},
	{
		"a ledger that is new begins at the beginning", "notify/begin.go",
		"o.cursor, o.origin = o.config.Start, o.config.Start", "o.cursor, o.origin = 1, 1",
	},
	{
		"an uncertain write is called undone", "node/propose.go",
		"return nil, api.ErrUncertain\n	}\n	n.nudge()", "return nil, n.notLeader()\n	}\n	n.nudge()",
	},
	{
		"no take-over", "notify/takeover.go",
		"case !c.leading, !c.ours, c.open:", "case true:",
	},
	{
		"a gap is silent", "notify/gap.go",
		"	o.log.Error(\"events were missed:", "	o.log.Debug(\"",
	},
}

// TestBugs_CanBePlanted keeps the list of bugs in step with the code.
func TestBugs_CanBePlanted(t *testing.T) {
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", b.file))
			if err != nil {
				t.Fatal(err)
			}
			b.plant(t, string(text))
		})
	}
}

// plant returns the text with the bug in it.
func (b bug) plant(t *testing.T, text string) string {
	t.Helper()
	if n := strings.Count(text, b.from); n != 1 {
		t.Fatalf("%s has the text to be replaced %d times, want once:\n%s", b.file, n, b.from)
	}
	return strings.Replace(text, b.from, b.to, 1)
}

// TestPlantedBugs checks the checkers: the simulation has to fail with each bug.
// It takes some minutes a bug, and so runs only with -planted.
func TestPlantedBugs(t *testing.T) {
	if !*planted {
		t.Skip("run it with -planted")
	}
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			binary := build(t, b)
			for seed := 1; seed <= *plantedSeeds; seed++ {
				// One seed at a time: a bug may well make a node hang.
				cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestSimulation$", "-test.timeout=2m", fmt.Sprintf("-seed=%d", seed), "-minutes=10")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Logf("found with %d seeds: %s", seed, firstFinding(out))
					return
				}
			}
			t.Errorf("%d seeds do not find it", *plantedSeeds)
		})
	}
}

var finding = regexp.MustCompile(`(?m)(invariant \d+ is broken.*|^panic: .*|waited .* in vain.*)$`)

func firstFinding(out []byte) string {
	if f := finding.Find(out); f != nil {
		return string(f)
	}
	return string(out[:min(len(out), 300)])
}

// build makes a test binary with the bug in it.
func build(t *testing.T, b bug) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, b.file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mutant, overlay := filepath.Join(dir, filepath.Base(b.file)), filepath.Join(dir, "overlay.json")
	write(t, mutant, b.plant(t, string(text)))
	packed, err := json.Marshal(map[string]map[string]string{"Replace": {file: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, string(packed))
	binary := filepath.Join(dir, "mutant.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build with the bug: %v\n%s", err, out)
	}
	return binary
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
