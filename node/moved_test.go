package node

import (
	"testing"

	"github.com/hashicorp/raft"

	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/membership"
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
			var m moved
			for _, r := range c.said {
				m.note(r, configured, nil)
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
			if got := m.find(machine.View(), "n2", configured); got != c.want {
				t.Errorf("it is reached at %s, want %s", got, c.want)
			}
			if got := m.find(machine.View(), "n1", configured); got != configured {
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
	var m moved
	for id, want := range map[string]string{"n2": "new:7000", "n3": membership.Aside("n3")} {
		if got := m.find(machine.View(), id, membership.Aside(id)); got != want {
			t.Errorf("%s is reached at %s, want %s", id, got, want)
		}
	}
	m.note(peer.Registration{Node: "n2", Disk: "d", Start: 4, Raft: "newer:7000"}, membership.Aside("n2"), nil)
	if got := m.find(machine.View(), "n2", membership.Aside("n2")); got != "newer:7000" {
		t.Errorf("a later process of n2 is reached at %s", got)
	}
}

func TestMoved_IsNewsOnce(t *testing.T) {
	var m moved
	r := peer.Registration{Node: "n2", Disk: "d", Start: 3, Raft: "new:7000"}
	if !m.note(r, "old:7000", nil) {
		t.Error("the first word was no news")
	}
	if m.note(r, "old:7000", nil) {
		t.Error("the second word was news")
	}
	back := peer.Registration{Node: "n2", Disk: "d", Start: 4, Raft: "old:7000"}
	if !m.note(back, "old:7000", nil) {
		t.Error("that it is back was no news")
	}
	if m.note(peer.Registration{Node: "n3", Disk: "d", Start: 4, Raft: "n3:7000"}, "n3:7000", nil) {
		t.Error("that a node is where it should be was news")
	}
}
