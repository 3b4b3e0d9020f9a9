package doctor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api"
	"tocsin/doctor"
)

// nodes answers for a cluster of a, b and c: b is behind by a minute and takes a
// second to answer, c is gone.
type nodes struct{ status api.Status }

func (n nodes) Ask(ctx context.Context, address, path string, into any) error {
	if address == "c:6000" || address == "nowhere:1" {
		return errors.New("connection refused")
	}
	now := time.Now()
	if address == "b:6000" {
		time.Sleep(500 * time.Millisecond)
		now = time.Now().Add(-time.Minute)
		time.Sleep(500 * time.Millisecond)
	}
	switch to := into.(type) {
	case *api.Status:
		*to = n.status
	case *api.NodeReport:
		*to = api.NodeReport{Node: address[:1], Time: now}
		if address == "tunnel:1" {
			to.Node = "a"
		}
	case *api.Members:
		*to = api.Members{Members: []api.Member{{Node: path}}}
	}
	return nil
}

func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, asked, err := doctor.Gather(t.Context(), nodes{healthy().Status}, []string{"nowhere:1", "tunnel:1"})
		if err != nil || asked != "tunnel:1" || len(f.Answers) != 3 {
			t.Fatalf("asked %s, %+v, %v", asked, f, err)
		}
		a, b, c := f.Answers[0], f.Answers[1], f.Answers[2]
		if a.Address != "tunnel:1" || a.Silent != "" || a.Skew != 0 || a.Members == nil {
			t.Errorf("a: %+v", a)
		}
		if b.Address != "b:6000" || b.Skew != -time.Minute || b.Within != 500*time.Millisecond {
			t.Errorf("b: %+v", b)
		}
		if c.Silent != "connection refused" || c.Members != nil {
			t.Errorf("c: %+v", c)
		}
	})
	if _, _, err := doctor.Gather(t.Context(), nodes{}, []string{"nowhere:1"}); err == nil {
		t.Error("nobody answers, and nobody says so")
	}
}

// TestGather_AnotherNodeAnswers where one should be.
func TestGather_AnotherNodeAnswers(t *testing.T) {
	status := healthy().Status
	status.Cluster.Observers[1].HTTP = "a:6000"
	f, _, err := doctor.Gather(t.Context(), nodes{status}, []string{"a:6000"})
	if err != nil || f.Answers[1].Silent != `"a" answers there` {
		t.Errorf("%+v %v", f.Answers, err)
	}
}

func TestLook(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "v.sh"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	observers := []api.Observer{{Node: "me", Raft: "127.0.0.1:1", Gossip: "127.0.0.1:1"}, {Node: "other", Raft: "127.0.0.1:1", Gossip: "127.0.0.1:1"}}
	l := doctor.Look(t.Context(), observers, "me", doctor.Place{Config: filepath.Join(dir, "gone"), DataDir: dir, Scripts: dir})
	if len(l.Paths) != 2 || l.Paths[0].Node != "other" || l.Paths[0].Problem != "connection refused" {
		t.Errorf("paths %+v", l.Paths)
	}
	if len(l.Files) != 3 || l.Files[0].Kind != doctor.DataDirectory || l.Files[2].Kind != doctor.Script {
		t.Errorf("files %+v", l.Files)
	}
	if !doctor.IsHere(t.Context(), "127.0.0.1") || doctor.IsHere(t.Context(), "192.0.2.1") {
		t.Error("does not know this machine")
	}
}

// blind are nodes none of which knows what the cluster holds.
type blind struct{ nodes }

func (b blind) Ask(ctx context.Context, address, path string, into any) error {
	if _, ok := into.(*api.Status); ok && address != "new:1" {
		return errors.New("it has found no leader since it was started")
	}
	return b.nodes.Ask(ctx, address, path, into)
}

// TestGather_WhereNobodyKnowsTheCluster asks each address for what it knows of
// itself: that is when somebody needs it.
func TestGather_WhereNobodyKnowsTheCluster(t *testing.T) {
	// n has a status, and belongs to no cluster; a answers at two addresses.
	addresses := []string{"tunnel:1", "a:6000", "nowhere:1", "new:1"}
	f, asked, err := doctor.Gather(t.Context(), blind{}, addresses)
	if err != nil || asked != "" || len(f.Answers) != 3 {
		t.Fatalf("asked %q, %+v, %v", asked, f, err)
	}
	if f.Answers[0].Address != "nowhere:1" || f.Answers[0].Silent == "" || f.Answers[1].Node != "a" || f.Answers[1].Members == nil || f.Answers[2].Node != "n" {
		t.Errorf("got %+v", f.Answers)
	}
	for _, says := range []string{"a:6000: it has found no leader", "belongs to no cluster yet"} {
		if !strings.Contains(f.Untold, says) {
			t.Errorf("%q does not say %q", f.Untold, says)
		}
	}
}
