package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

func TestSnapshot_IsTakenAndRestored(t *testing.T) {
	w := newWorld(t)
	w.set("web", "v")
	taken := w.get("/v1/snapshot?consistency=leader")
	if taken.status != 200 || !strings.HasPrefix(taken.body, `{"format":"tocsin-backup"`) || taken.header.Get("ETag") == "" {
		t.Fatalf("%d %.100s", taken.status, taken.body)
	}
	w.remove("web")
	w.set("db", "v")
	put := func(query string, header ...string) answer {
		return w.request("PUT", "/v1/snapshot"+query, taken.body, header...)
	}
	put("", "If-Match: "+taken.header.Get("ETag")).wantWord(t, 412, "changed by somebody else")
	put("?dry_run=true", "If-Match: "+taken.header.Get("ETag")).wantWord(t, 412, "changed by somebody else")
	before := w.View().Index()
	if got := decoded[api.Restored](t, put("?dry_run=true")); !got.DryRun || got.From != clusterName || strings.Join(got.Difference.Added, " ") != "web" || strings.Join(got.Difference.Deleted, " ") != "db" || w.View().Index() != before {
		t.Errorf("got %+v", got)
	}
	done := put("")
	if got := decoded[api.Restored](t, done); got.DryRun || len(got.Difference.Added) != 1 || got.Index != w.index {
		t.Errorf("got %+v", got)
	}
	if _, there := w.View().Endpoint("web"); !there {
		t.Error("it is not there")
	}
	if got := decoded[api.Restored](t, put("", "If-Match: "+done.header.Get("ETag"))); got.Difference.Unchanged != 1 {
		t.Errorf("a second time: %+v", got)
	}
	put("?force=perhaps").wantWord(t, 400, "neither true nor false")
	w.request("PUT", "/v1/snapshot", taken.body[:len(taken.body)-9]).wantWord(t, 400, "damaged")
	w.request("PUT", "/v1/snapshot", "{}").wantWord(t, 400, "no backup of Tocsin")
}

// TestSnapshot_BringsPausesAndWindowsBack, and says of each what it does.
func TestSnapshot_BringsPausesAndWindowsBack(t *testing.T) {
	w := newWorld(t)
	w.apply(fsm.PauseEndpoints{Pause: fsm.Pause{Scope: fsm.Scope{Prefix: "db"}, Reason: "move", Since: time.Now()}},
		fsm.PauseEndpoints{Pause: fsm.Pause{Reason: "over", Since: birth, Until: birth.Add(time.Hour)}},
		fsm.SetWindow{Window: fsm.Window{Name: "patch", Cron: "0 3 * * 0", Duration: fsm.Duration(time.Hour)}})
	taken := w.get("/v1/snapshot")
	w.apply(fsm.ResumeEndpoints{Scope: fsm.Scope{Prefix: "db"}}, fsm.ResumeEndpoints{}, fsm.DeleteWindow{Name: "patch"},
		fsm.PauseEndpoints{Pause: fsm.Pause{Scope: fsm.Scope{Prefix: "web"}, Reason: "new", Since: time.Now()}})
	put := func(query string, header ...string) answer {
		return w.request("PUT", "/v1/snapshot"+query, taken.body, header...)
	}
	put("", "If-Match: "+taken.header.Get("ETag")).wantWord(t, 412, "changed by somebody else")
	would := decoded[api.Restored](t, put("?dry_run=true")).Difference
	done := decoded[api.Restored](t, put("")).Difference
	for _, d := range []fsm.Difference{would, done} {
		if strings.Join(d.Pauses.Added, ", ") != "the prefix db" || strings.Join(d.Pauses.Deleted, ", ") != "the prefix web" || strings.Join(d.Windows.Added, ", ") != "patch" {
			t.Errorf("got %+v", d)
		}
	}
	if h := w.View().Holds(); len(h.Pauses) != 1 || h.Pauses[0].Reason != "move" || len(h.Windows) != 1 {
		t.Errorf("there are %+v", h)
	}
}

func TestSnapshot_OfAnotherClusterIsGuarded(t *testing.T) {
	w := newWorld(t)
	taken := w.get("/v1/snapshot")
	other := newWorldOf(t, "c2")
	put := func(query string) answer { return other.request("PUT", "/v1/snapshot"+query, taken.body) }
	put("").wantWord(t, 409, "of the cluster c1, and this is c2", "--cluster c2")
	put("?cluster=c1").wantWord(t, 409, "this is c2")
	put("?cluster=c2").wantWord(t, 200)
	put("?force=true").wantWord(t, 200)
}

// TestSnapshot_ThatIsTooLargeIsRefused, and by the dry run, too.
func TestSnapshot_ThatIsTooLargeIsRefused(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		w.set(fmt.Sprint("e", i), strings.Repeat("v", 60_000))
	}
	taken := w.get("/v1/snapshot")
	for _, query := range []string{"", "?dry_run=true"} {
		w.request("PUT", "/v1/snapshot"+query, taken.body).wantWord(t, 400, "can't be restored, and nothing was done", "at most 16777216")
	}
}
