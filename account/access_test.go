package account

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUser_Allowed(t *testing.T) {
	u := &User{Name: "guest", UID: 10, GID: 20, Groups: []uint32{21}}
	plain := func(mode uint16) []entry {
		return []entry{{tag: ofOwner, rights: mode >> 6 & 7}, {tag: ofOwnGroup, rights: mode >> 3 & 7}, {tag: ofOthers, rights: mode & 7}}
	}
	with := func(mode uint16, more ...entry) []entry { return append(plain(mode), more...) }
	for name, c := range map[string]struct {
		list         []entry
		owner, group uint32
		want         uint16
	}{
		"owner":                   {plain(0o704), 10, 1, 7},
		"owner alone counts":      {plain(0o077), 10, 20, 0},
		"group":                   {plain(0o750), 1, 20, 5},
		"further group":           {plain(0o750), 1, 21, 5},
		"group before others":     {plain(0o707), 1, 20, 0},
		"others":                  {plain(0o754), 1, 1, 4},
		"named":                   {with(0o750, entry{ofUser, 1, 10}, entry{mask, 5, 0}), 1, 1, 1},
		"named, masked":           {with(0o750, entry{ofUser, 7, 10}, entry{mask, 4, 0}), 1, 1, 4},
		"named before group":      {with(0o750, entry{ofUser, 0, 10}, entry{mask, 7, 0}), 1, 20, 0},
		"another is named":        {with(0o751, entry{ofUser, 7, 11}, entry{mask, 7, 0}), 1, 1, 1},
		"named group":             {with(0o700, entry{ofGroup, 5, 21}, entry{mask, 7, 0}), 1, 1, 5},
		"two groups":              {with(0o740, entry{ofGroup, 1, 21}, entry{mask, 7, 0}), 1, 20, 5},
		"own group, masked":       {with(0o770, entry{mask, 1, 0}), 1, 20, 1},
		"others are not masked":   {with(0o705, entry{mask, 0, 0}), 1, 1, 5},
		"an owner is not masked":  {with(0o700, entry{mask, 0, 0}), 10, 1, 7},
		"named group, no mention": {with(0o704, entry{ofGroup, 7, 22}, entry{mask, 7, 0}), 1, 1, 4},
	} {
		if got := u.allowed(c.list, c.owner, c.group); got != c.want {
			t.Errorf("%s: got %o, want %o", name, got, c.want)
		}
	}
}

// TestUser_MayRead_AllTheWay: who can't enter a directory above comes to nothing in it.
func TestUser_MayRead_AllTheWay(t *testing.T) {
	top := t.TempDir()
	home := filepath.Join(top, "home")
	file := filepath.Join(home, "file")
	if err := errors.Join(os.Mkdir(home, 0o755), os.WriteFile(file, []byte("text"), 0o604), os.Symlink(file, filepath.Join(top, "link"))); err != nil {
		t.Fatal(err)
	}
	// Nobody enters what t.TempDir makes, but in its own group that is us.
	stranger := &User{Name: "stranger", UID: 54321, GID: 54321}
	var refusal Refusal
	if err := stranger.MayRead(file); !errors.As(err, &refusal) || refusal.Right != "x" || !strings.HasPrefix(file, refusal.Path) {
		t.Errorf("got %v, want a refusal on the way", err)
	}
	me := &User{Name: "me", UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	if err := errors.Join(me.MayRead(file), me.MayRead(filepath.Join(top, "link"))); err != nil {
		t.Errorf("the owner: %v", err)
	}
	if err := me.MayRead(filepath.Join(top, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v of what is not there", err)
	}
	if me.UID != 0 { // who may do everything
		if err := me.MayRun(file); !errors.As(err, &refusal) || refusal.Path != file {
			t.Errorf("got %v, want a refusal", err)
		}
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string]int{
		listText(2, entry{ofOwner, 7, 0}, entry{ofUser, 1, 10}): 2,
		listText(1, entry{ofOwner, 7, 0}):                       0,
		listText(2, entry{ofOwner, 7, 0}) + "x":                 0,
		listText(2):                                             0,
		"":                                                      0,
	} {
		if list, ok := parseList([]byte(text)); len(list) != want || ok != (want > 0) {
			t.Errorf("%q: got %v, %v", text, list, ok)
		}
	}
}

func listText(version uint32, list ...entry) string {
	text := binary.LittleEndian.AppendUint32(nil, version)
	for _, e := range list {
		text = binary.LittleEndian.AppendUint16(text, uint16(e.tag))
		text = binary.LittleEndian.AppendUint16(text, e.rights)
		text = binary.LittleEndian.AppendUint32(text, e.id)
	}
	return string(text)
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte(listText(2, entry{ofOwner, 7, 0}, entry{mask, 5, 0})), uint32(0))
	f.Fuzz(func(t *testing.T, data []byte, owner uint32) {
		list, ok := parseList(data)
		if !ok {
			return
		}
		if u := (&User{UID: 10, GID: 20}); u.allowed(list, owner, 1) > 7 {
			t.Errorf("%x grants more than there is", data)
		}
	})
}
