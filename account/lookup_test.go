package account

import (
	"os/user"
	"strconv"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Skip("who runs this has no name here")
	}
	for _, spec := range []string{me.Username, me.Uid} {
		u, err := Lookup(spec)
		if err != nil || u.Name != me.Username || strconv.Itoa(int(u.UID)) != me.Uid || strconv.Itoa(int(u.GID)) != me.Gid || u.Home != me.HomeDir {
			t.Errorf("%s: got %+v, %v, want %+v", spec, u, err, me)
		}
		if u.in(u.GID) && strings.Contains(u.String(), "(uid "+me.Uid+")") {
			continue
		}
		t.Errorf("%s is not as it should be", u)
	}
	with, err := Lookup(me.Username + ":54321")
	if err != nil || with.GID != 54321 || me.Gid != "54321" && with.in(54322) {
		t.Errorf("got %+v, %v, want the group 54321", with, err)
	}
	for _, g := range with.Groups {
		if strconv.Itoa(int(g)) == me.Gid {
			t.Errorf("the own group %d is still there: %v", g, with.Groups)
		}
	}
	if u, err := Lookup("54321:54322"); err != nil || u.UID != 54321 || u.GID != 54322 || u.Name != "54321" || u.Home != "/" || len(u.Groups) > 0 {
		t.Errorf("got %+v, %v of a number without a name", u, err)
	}
}

func TestLookup_SaysWhatToWrite(t *testing.T) {
	for spec, says := range map[string]string{
		"":                    "write NAME, NAME:GROUP or UID:GID",
		":5":                  "write NAME, NAME:GROUP or UID:GID",
		"root:":               "write NAME, NAME:GROUP or UID:GID",
		"nobody-of-that-name": "there is no user \"nobody-of-that-name\" on this machine: make it",
		"54321":               "no user with the number 54321 on this machine: write UID:GID",
		"4294967295:1":        "there is no user",
		"54321:no-such-group": "there is no group \"no-such-group\" on this machine: make it",
		"54321:4294967295":    "there is no group",
	} {
		if u, err := Lookup(spec); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, %v, want %q", spec, u, err, says)
		}
	}
}
