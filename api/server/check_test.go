package server_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/api"
	"tocsin/health"
	"tocsin/verify"
)

func TestCheck_AnswersWithEachNodesResult(t *testing.T) {
	w := newWorld(t)
	w.set("a/b", "v")
	w.silent = map[string]string{"node3": "gone"}
	w.checks = func(_ context.Context, key string) (verify.Sample, error) {
		return verify.Sample{Status: health.Down, Reason: "no " + key, Time: time.Now(), Duration: time.Second, Revision: 7}, nil
	}
	checked := decoded[api.Checked](t, w.request("POST", "/v1/endpoints/a%2Fb/check", ""))
	if checked.Key != "a/b" || checked.Tally != (api.Tally{Down: 4, Unknown: 1}) || len(checked.Nodes) != 5 {
		t.Fatalf("got %+v", checked)
	}
	if one := checked.Nodes[0]; one.Node != "node1" || one.Site != "lyon" || one.Sample.Reason != "no a/b" || time.Duration(one.Sample.Duration) != time.Second {
		t.Errorf("node1 says %+v", one)
	}
	if three := checked.Nodes[2]; three.Sample != nil || !strings.Contains(three.Silent, "can't be reached") {
		t.Errorf("node3 says %+v", three)
	}
	w.mistaken = map[string]string{"node1": "node5"}
	mixed := decoded[api.Checked](t, w.request("POST", "/v1/endpoints/a%2Fb/check", ""))
	if one := mixed.Nodes[0]; one.Sample != nil || !strings.Contains(one.Silent, `"node5" answers at its address`) || mixed.Tally != (api.Tally{Down: 3, Unknown: 2}) {
		t.Errorf("the sample of another node stands for that of node1: %+v", mixed)
	}
	w.checks, w.mistaken = nil, nil
	if none := decoded[api.Checked](t, w.request("POST", "/v1/endpoints/a%2Fb/check", "")); none.Tally.Unknown != 5 || !strings.Contains(none.Nodes[0].Silent, "does not watch") {
		t.Errorf("got %+v", none)
	}
	w.request("POST", "/v1/endpoints/nothing/check", "").wantWord(t, 404, "nothing")
	w.request("POST", "/v1/endpoints/a%2Fb/check", "", "Sec-Fetch-Site: cross-site", "Origin: http://elsewhere").wantWord(t, 403, "cross-site")
}

// TestCheck_WaitsAsLongAsACheckMayTake: one may be under way.
func TestCheck_WaitsAsLongAsACheckMayTake(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.checks = func(ctx context.Context, _ string) (verify.Sample, error) {
		<-ctx.Done()
		return verify.Sample{}, ctx.Err()
	}
	handler := w.handler()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		checked := decoded[api.Checked](t, send(handler, "POST", "/v1/endpoints/db/check", ""))
		if took := time.Since(began); took != 12*time.Second || checked.Nodes[1].Silent != "it did not answer within 12s" {
			t.Errorf("got %+v after %v", checked, took)
		}
	})
}

// TestPeer_AccountAndCheckCrossTheWire holds that what a node says of itself
// arrives as it was said.
func TestPeer_AccountAndCheckCrossTheWire(t *testing.T) {
	w := newWorld(t)
	w.set("db", "v")
	w.samples["db"] = []verify.Sample{{Status: health.Down, Reason: "refused", Time: birth, Duration: time.Second}}
	address := serve(t, w.handler())
	account, err := newClient(t).Account(t.Context(), address, "db")
	if err != nil || account.Node != "node2" || len(account.Samples) != 1 || account.Samples[0].Reason != "refused" {
		t.Errorf("got %+v, %v", account, err)
	}
	if _, err := newClient(t).Check(t.Context(), address, "db"); err == nil || !strings.Contains(err.Error(), "does not watch") {
		t.Errorf("of an endpoint that it does not watch: %v", err)
	}
	w.checks = func(_ context.Context, key string) (verify.Sample, error) {
		return verify.Sample{Status: health.Up, Reason: key}, nil
	}
	if answer, err := newClient(t).Check(t.Context(), address, "db"); err != nil || answer.Node != "node2" || answer.Sample.Status != health.Up || answer.Sample.Reason != "db" {
		t.Errorf("got %+v, %v", answer, err)
	}
}
