//go:build linux

package ansible_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestRollout_SecuredLater is another story: a cluster at addresses of IPv6 that
// talks without TLS, and gets it later.
func TestRollout_SecuredLater(t *testing.T) {
	if !*rollout || *brief {
		t.Skip("boots machines: ask for it with -rollout, and not with -brief")
	}
	need(t)
	f := newFleet(t, byIPv6, "north-1", "north-2", "south")
	f.vars["tocsin_credentials"] = ""
	f.list(t)
	tell(t, []chapter{
		{name: "roll out", tell: f.rollOutPlainly},
		{name: "walk through", tell: f.walkThrough},
		{name: "secure", tell: f.secure},
		{name: "add", tell: f.addOne},
		{name: "keep strangers out", tell: f.keepOut},
	})
}

func (f *fleet) rollOutPlainly(t *testing.T) {
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
	if f.secured() {
		t.Error("there are credentials that nobody has asked for")
	}
	if leader, err := f.get(f.machines[0], "/leader"); err != nil || !strings.HasPrefix(leader, "[fd77::") {
		t.Errorf("the leader is at %s (%v), and not at an address of IPv6", leader, err)
	}
}

// secure gives TLS and the rest to a cluster that has worked without; it keeps what
// it knows.
func (f *fleet) secure(t *testing.T) {
	s := f.newService(t, 9005)
	if said, err := f.command(t, "./write.sh", "before", s.address); err != nil {
		t.Fatalf("write.sh: %v: %s", err, said)
	}
	eventually(t, patience, f.states("before", f.machines, "UP"))
	delete(f.vars, "tocsin_credentials")
	f.list(t)
	f.play(t, "kill.yml")
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
	f.modes(t)
	f.hold(t, map[string]string{"before": s.address})
	if err := f.states("before", f.machines, "UP")(); err != nil {
		t.Error(err)
	}
}

// addOne has the token made by which nodes are taken in from now on, and adds one.
func (f *fleet) addOne(t *testing.T) {
	made := fmt.Sprintf("umask 077; mkdir %s; TOCSIN_CLIENT=%s %s --address '[%s]:%d' token create nodes --role join >%s",
		f.credentials("tokens"), f.credentials("operator/client.yaml"), f.binary, f.machines[0].address(), httpPort, f.credentials("tokens/join"))
	if said, err := f.command(t, "sh", "-c", made); err != nil {
		t.Fatalf("%s: %v: %s", made, err, said)
	}
	f.play(t, "run.yml")
	f.add(t, "south")
	f.list(t)
	f.await(t)
	f.play(t, "run.yml")
	eventually(t, patience, f.whole(f.machines...))
}
