package membership

import (
	"testing"

	"github.com/hashicorp/raft"

	"tocsin/api/peer"
	"tocsin/fsm"
)

func TestMoved_BelievesAProcessOfTheSameDiskUntilItIsRegistered(t *testing.T) {
	const configured = "old:7000"
	process := func(disk string, start uint64, at string) peer.Registration {
		return peer.Registration{Node: "n2", Disk: disk, Start: start, Raft: at}
	}
	observer := func(disk string, start uint64, at string) fsm.Command {
		return fsm.RegisterObserver{Node: "n2", Incarnation: "i", Disk: disk, Start: start, Raft: at, Gossip: "g:1", HTTP: "h:1"}
	}
	fresh := process("d", 3, "new:7000")
	fresh.Fresh = true
	cases := map[string]struct {
		said  []peer.Registration
		holds fsm.Command // what the state then says of the node; nil: nothing
		want  string
	}{
		"nobody said anything":                     {nil, nil, configured},
		"nothing is known yet":                     {[]peer.Registration{process("d", 3, "new:7000")}, nil, "new:7000"},
		"the process before registered":            {[]peer.Registration{process("d", 3, "new:7000")}, observer("d", 2, configured), "new:7000"},
		"it registered":                            {[]peer.Registration{process("d", 3, "new:7000")}, observer("d", 3, "new:7000"), "new:7000"},
		"a later one registered elsewhere":         {[]peer.Registration{process("d", 3, "new:7000")}, observer("d", 4, configured), configured},
		"a later one registered there":             {[]peer.Registration{process("d", 3, "new:7000")}, observer("d", 4, "new:7000"), "new:7000"},
		"the node has another disk":                {[]peer.Registration{process("d", 3, "new:7000")}, observer("e", 1, configured), configured},
		"it moved twice":                           {[]peer.Registration{process("d", 3, "new:7000"), process("d", 4, "newer:7000")}, nil, "newer:7000"},
		"it went back":                             {[]peer.Registration{process("d", 3, "new:7000"), process("d", 4, configured)}, nil, configured},
		"an older process asks after it":           {[]peer.Registration{process("d", 9, "new:7000"), process("d", 4, "backup:7000")}, nil, "new:7000"},
		"an older process asks after it went back": {[]peer.Registration{process("d", 9, configured), process("d", 4, "backup:7000")}, nil, configured},
		"a copy was started as often":              {[]peer.Registration{process("d", 9, "new:7000"), process("d", 9, "copy:7000")}, nil, "new:7000"},
		"another disk, while nothing is known":     {[]peer.Registration{process("d", 9, "new:7000"), process("e", 1, "other:7000")}, nil, "other:7000"},
		"it went back, and registered elsewhere later": {
			[]peer.Registration{process("d", 3, configured)}, observer("d", 4, "new:7000"), configured,
		},
		"it has lost its disk, and votes not": {[]peer.Registration{fresh}, nil, configured},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			machine := fsm.NewMachine()
			var m Moved
			for _, r := range c.said {
				m, _ = m.Note(r, configured, nil)
			}
			if c.holds != nil {
				packed, err := fsm.Encode(fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()}, c.holds)
				if err != nil {
					t.Fatal(err)
				}
				machine.Apply(&raft.Log{Index: 1, Term: 1, Data: packed})
				if _, known := machine.View().Observer("n2"); !known {
					t.Fatal("the observer was refused")
				}
			}
			if got := find(m, machine.View(), "n2", configured); got != c.want {
				t.Errorf("it is reached at %s, want %s", got, c.want)
			}
			if got := find(m, machine.View(), "n1", configured); got != configured {
				t.Errorf("another node is reached at %s", got)
			}
		})
	}
}

func TestMoved_FindsWhoWasPutAsideWhereTheObserversHaveIt(t *testing.T) {
	machine := fsm.NewMachine()
	packed, err := fsm.Encode(fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()},
		fsm.RegisterObserver{Node: "n2", Incarnation: "i", Disk: "d", Start: 3, Raft: "new:7000", Gossip: "g:1", HTTP: "h:1"})
	if err != nil {
		t.Fatal(err)
	}
	machine.Apply(&raft.Log{Index: 1, Term: 1, Data: packed})
	var m Moved
	for id, want := range map[string]string{"n2": "new:7000", "n3": Aside("n3")} {
		if got := find(m, machine.View(), id, Aside(id)); got != want {
			t.Errorf("%s is reached at %s, want %s", id, got, want)
		}
	}
	m, _ = m.Note(peer.Registration{Node: "n2", Disk: "d", Start: 4, Raft: "newer:7000"}, Aside("n2"), nil)
	if got := find(m, machine.View(), "n2", Aside("n2")); got != "newer:7000" {
		t.Errorf("a later process of n2 is reached at %s", got)
	}
}

func TestMoved_IsNewsOnce(t *testing.T) {
	var m Moved
	for what, c := range []struct {
		says string
		r    peer.Registration
		from string
		want bool
	}{
		{"the first word", peer.Registration{Node: "n2", Disk: "d", Start: 3, Raft: "new:7000"}, "old:7000", true},
		{"the second word", peer.Registration{Node: "n2", Disk: "d", Start: 3, Raft: "new:7000"}, "old:7000", false},
		{"that it is back", peer.Registration{Node: "n2", Disk: "d", Start: 4, Raft: "old:7000"}, "old:7000", true},
		{"that a node is where it should be", peer.Registration{Node: "n3", Disk: "d", Start: 4, Raft: "n3:7000"}, "n3:7000", false},
	} {
		before, news := m, false
		if m, news = m.Note(c.r, c.from, nil); news != c.want {
			t.Errorf("%d: %s was news: %v, want %v", what, c.says, news, c.want)
		}
		if news && find(before, fsm.NewMachine().View(), c.r.Node, c.from) == c.r.Raft {
			t.Errorf("%d: %s has changed what was known before", what, c.says)
		}
	}
}

func find(m Moved, view *fsm.View, node, configured string) string {
	o, _ := view.Observer(node)
	return m.Find(o, node, configured)
}
