package connlimit_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/connlimit"
)

// rooms has so many places for strangers, and few for the others.
func rooms(strangers connlimit.Limits) connlimit.Rooms {
	return connlimit.Rooms{
		connlimit.Coming:    {All: 2, FromOne: 2},
		connlimit.Strangers: strangers,
		connlimit.Proven:    {All: 2, FromOne: 2},
	}
}

// TestPort_SharesOut: who comes, by its first letter, and who has to go for it.
func TestPort_SharesOut(t *testing.T) {
	for name, test := range map[string]struct {
		limits connlimit.Limits
		comes  string // "a1 a2=a1 b1!": a2 gets the place of a1, and there is none for b1
	}{
		"while there is room all get in":            {connlimit.Limits{All: 3, FromOne: 3}, "a1 b1 a2"},
		"from one source but so many":               {connlimit.Limits{All: 9, FromOne: 2}, "a1 a2 a3! b1 a4! b2 b3!"},
		"the first of the largest crowd goes":       {connlimit.Limits{All: 4, FromOne: 4}, "b1 a1 a2 a3 c1=a1 d1=a2"},
		"where all are alone it is the first":       {connlimit.Limits{All: 3, FromOne: 3}, "a1 b1 c1 d1=a1 e1=b1 a2=c1"},
		"of crowds as large as another, the oldest": {connlimit.Limits{All: 4, FromOne: 4}, "b1 a1 a2 b2 c1=b1"},
		"who has as many as any gets no more":       {connlimit.Limits{All: 4, FromOne: 4}, "a1 a2 b1 b2 a3! b3! c1=a1 a3=b1"},
		"nobody gets a place where there is none":   {connlimit.Limits{}, "a1! b1!"},
	} {
		t.Run(name, func(t *testing.T) {
			port, inside := connlimit.NewPort(rooms(test.limits)), map[*connlimit.Place]string{}
			for step := range strings.FieldsSeq(test.comes) {
				who, goes, _ := strings.Cut(strings.TrimSuffix(step, "!"), "=")
				place := &connlimit.Place{}
				displaced, err := port.Enter(place, connlimit.Strangers, who[:1])
				if refused := strings.HasSuffix(step, "!"); (err != nil) != refused {
					t.Errorf("%s: %v", step, err)
				}
				if inside[displaced] != goes {
					t.Errorf("%s: the place was that of %q", step, inside[displaced])
				}
				inside[place] = who
			}
		})
	}
}

// TestPort_KeepsPlacesForWhoHasProvenSomething: strangers take none of them, and who
// proves itself makes room among the strangers.
func TestPort_KeepsPlacesForWhoHasProvenSomething(t *testing.T) {
	port := connlimit.NewPort(rooms(connlimit.Limits{All: 2, FromOne: 1}))
	enter := func(p *connlimit.Place, to connlimit.Room, as string) error {
		t.Helper()
		displaced, err := port.Enter(p, to, as)
		if displaced != nil {
			t.Errorf("%s enters room %d, and another one has to go", as, to)
		}
		return err
	}
	var a, b, again, operator connlimit.Place
	if err := errors.Join(enter(&a, connlimit.Strangers, "a"), enter(&b, connlimit.Strangers, "b"),
		enter(&operator, connlimit.Coming, "a"), enter(&operator, connlimit.Proven, "anna")); err != nil {
		t.Fatal(err)
	}
	if enter(&again, connlimit.Strangers, "a") == nil {
		t.Error("a second stranger from a comes in")
	}
	if err := errors.Join(enter(&a, connlimit.Proven, "bert"), enter(&again, connlimit.Strangers, "a")); err != nil {
		t.Errorf("the first has proven itself, and there is no place for a second: %v", err)
	}

	var late connlimit.Place
	if err := enter(&late, connlimit.Coming, "c"); err != nil {
		t.Fatal(err)
	}
	port.Leave(&late)
	port.Leave(&late)
	if err := enter(&late, connlimit.Proven, "carl"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("who has left comes in: %v", err)
	}
}

// TestPort_WhoGetsNoPlaceStaysWhereItIs.
func TestPort_WhoGetsNoPlaceStaysWhereItIs(t *testing.T) {
	limits := rooms(connlimit.Limits{All: 1, FromOne: 1})
	limits[connlimit.Proven] = connlimit.Limits{}
	port := connlimit.NewPort(limits)
	var one, other connlimit.Place
	if _, err := port.Enter(&one, connlimit.Strangers, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := port.Enter(&one, connlimit.Proven, "anna"); err == nil {
		t.Error("it comes in where there is no place")
	}
	if _, err := port.Enter(&other, connlimit.Strangers, "a"); err == nil {
		t.Error("it counts no more among the strangers")
	}
	port.Leave(&one)
	if _, err := port.Enter(&other, connlimit.Strangers, "a"); err != nil {
		t.Errorf("it has left, and still counts: %v", err)
	}
}

// guest is one in the slow twin of a port.
type guest struct {
	place *connlimit.Place
	room  connlimit.Room
	as    string
}

// twin is a port that keeps one list of all, in the order in which they came into
// their rooms, and counts it anew each time.
type twin struct {
	limits connlimit.Rooms
	inside []guest
}

func (w *twin) count(r connlimit.Room, as string) (n int) {
	for _, g := range w.inside {
		if g.room == r && (as == "" || g.as == as) {
			n++
		}
	}
	return n
}

func (w *twin) without(p *connlimit.Place) {
	var rest []guest
	for _, g := range w.inside {
		if g.place != p {
			rest = append(rest, g)
		}
	}
	w.inside = rest
}

func (w *twin) enter(p *connlimit.Place, r connlimit.Room, as string) (displaced *connlimit.Place, ok bool) {
	for _, g := range w.inside {
		if g.place == p && g.room == r {
			return nil, true
		}
	}
	mine := w.count(r, as)
	if mine >= w.limits[r].FromOne {
		return nil, false
	}
	if w.count(r, "") >= w.limits[r].All {
		most := mine
		for _, g := range w.inside {
			if n := w.count(r, g.as); g.room == r && n > most {
				displaced, most = g.place, n
			}
		}
		if displaced == nil {
			return nil, false
		}
		w.without(displaced)
	}
	w.without(p)
	w.inside = append(w.inside, guest{p, r, as})
	return displaced, true
}

// TestPort_AgreesWithItsSlowTwin.
func TestPort_AgreesWithItsSlowTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var limits connlimit.Rooms
		for i := range limits {
			limits[i] = connlimit.Limits{All: rapid.IntRange(0, 5).Draw(t, "all"), FromOne: rapid.IntRange(0, 4).Draw(t, "from one")}
		}
		port, slow := connlimit.NewPort(limits), &twin{limits: limits}
		for range 50 {
			if len(slow.inside) > 0 && rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				p := rapid.SampledFrom(slow.inside).Draw(t, "who leaves").place
				port.Leave(p)
				slow.without(p)
				continue
			}
			place := &connlimit.Place{}
			if len(slow.inside) > 0 && rapid.Bool().Draw(t, "who is inside") {
				place = rapid.SampledFrom(slow.inside).Draw(t, "who").place
			}
			room := connlimit.Room(rapid.IntRange(0, len(limits)-1).Draw(t, "room"))
			as := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "as")
			before := fmt.Sprint(slow.inside)
			want, ok := slow.enter(place, room, as)
			got, err := port.Enter(place, room, as)
			if got != want || (err == nil) != ok {
				t.Fatalf("%s into room %d, limits %v, beside %s: %p, %v; want %p, %v", as, room, limits, before, got, err, want, ok)
			}
		}
	})
}
