package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/health"
)

func TestEncode(t *testing.T) {
	q := Question{Key: "a&b", Value: "http://h/?a=1&b=<2>", Timeout: 1500 * time.Millisecond, State: health.Down, Node: "n1", Site: "south"}
	want := `{"id":7,"key":"a&b","value":"http://h/?a=1&b=<2>","timeout_seconds":1.5,"state":"DOWN","node":"n1","site":"south"}` + "\n"
	if got := string(encode(7, q)); got != want {
		t.Errorf("encode = %s, want %s", got, want)
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		line   string
		id     uint64
		status health.Status
		reason string
		fault  string // a part of it
	}{
		{`{"id":7,"status":"UP"}`, 7, health.Up, "", ""},
		{`{"id":7,"status":"DOWN","reason":"no route"}`, 7, health.Down, "no route", ""},
		{` {"more":[1],"reason":"x","status":"UNKNOWN","id":7} ` + "\r", 7, health.Unknown, "x", ""},
		{`{"id":7,"status":"up"}`, 7, health.Unknown, "", `the status "up"`},
		{`{"id":7}`, 7, health.Unknown, "", `the status ""`},
		{`{"id":7,"status":1,"reason":"x"}`, 7, health.Unknown, "x", "can't be read"},
		{`{"id":7,"status":"UP","reason":[]}`, 7, health.Unknown, "", "can't be read"},
		{`{"id":"7","status":"UP"}`, 0, health.Unknown, "", "can't be read"},
		{`{"id":-7,"status":"UP"}`, 0, health.Unknown, "", "can't be read"},
		{`{"id":7,"status":"UP"`, 0, health.Unknown, "", "can't be read"},
		{`UP fine`, 0, health.Unknown, "", "can't be read"},
		{``, 0, health.Unknown, "", "can't be read"},
	} {
		r := decode([]byte(test.line))
		fault := fmt.Sprint(r.fault)
		if r.id != test.id || r.answer.Status != test.status || r.answer.Reason != test.reason ||
			(r.fault == nil) != (test.fault == "") || !strings.Contains(fault, test.fault) {
			t.Errorf("decode(%s) = %+v", test.line, r)
		}
	}
}

// Whatever a line is, it is an answer that names a question, or it is none, and
// then it is shown.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{`{"id":7,"status":"UP","reason":"x"}`, `{"id":18446744073709551615,"status":"DOWN"}`, `{"id":1e3}`, `[7]`, `null`, "UP", "\xff"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r := decode(line)
		if r.fault != nil && r.answer.Status != health.Unknown {
			t.Errorf("decode(%q) = %+v: a status, and no answer", line, r)
		}
		if r.id != 0 && r.text != "" || len(r.text) > shown {
			t.Errorf("decode(%q) shows %q", line, r.text)
		}
		if r.fault == nil && r.id != 0 && !json.Valid(line) {
			t.Errorf("decode(%q) = %+v, and it is no JSON", line, r)
		}
	})
}

func TestPauseAfter(t *testing.T) {
	for _, test := range []struct{ life, before, want time.Duration }{
		{0, 0, time.Second},
		{time.Hour, 0, time.Second},
		{0, time.Second, 2 * time.Second},
		{time.Second, time.Second, 2 * time.Second},
		{2 * time.Second, time.Second, time.Second},
		{time.Second, 40 * time.Second, time.Minute},
		{time.Second, time.Minute, time.Minute},
		{61 * time.Second, time.Minute, time.Second},
	} {
		if got := pauseAfter(test.life, test.before); got != test.want {
			t.Errorf("pauseAfter(%v, %v) = %v, want %v", test.life, test.before, got, test.want)
		}
	}
}

// Whatever is asked, answered, repeated, guessed and let pass, in whatever order:
// each question has exactly one outcome, late ones at their deadline.
func TestDesk_EachQuestionHasOneOutcome(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Unix(0, 0)
		d := newDesk(now)
		type asked struct {
			question *question
			reply    chan outcome
		}
		var all []asked
		for range rapid.IntRange(0, 60).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"ask", "ask", "say", "say", "hear", "hear", "wait", "dismiss"}).Draw(rt, "step") {
			case "ask":
				reply := make(chan outcome, 2) // a second outcome would show
				q := &question{
					Question: Question{Timeout: time.Duration(rapid.IntRange(1, 20).Draw(rt, "timeout")) * time.Second},
					since:    now, reply: reply,
				}
				d.accept(q)
				all = append(all, asked{q, reply})
			case "say":
				if d.next() != nil {
					d.said()
				}
			case "hear":
				id := rapid.Uint64Range(0, uint64(len(all)+2)).Draw(rt, "id")
				_, _ = d.hear(reply{id: id, answer: Answer{Status: health.Up}}, now)
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(rt, "pass")) * time.Millisecond)
				_ = d.expire(now)
			case "dismiss":
				d.dismiss(errors.New("ended"))
			}
			open := 0
			for _, a := range all {
				switch n := len(a.reply); {
				case n > 1:
					rt.Fatalf("a question has %d outcomes", n)
				case n == 0:
					open++
					if a.question.due().Before(now) && d.nextDue().IsZero() {
						rt.Fatalf("a question is forgotten")
					}
				}
			}
			if open != d.due.Len() || len(d.asked) > open || len(d.overdue) > len(all)-open {
				rt.Fatalf("%d have no outcome, and the desk holds %d, %d of them asked", open, d.due.Len(), len(d.asked))
			}
		}
		now = now.Add(time.Hour)
		_ = d.expire(now)
		for _, a := range all {
			if len(a.reply) != 1 {
				rt.Fatalf("a question has %d outcomes at the end", len(a.reply))
			}
		}
		if !d.empty() || len(d.asked) > 0 || d.next() != nil {
			rt.Fatal("something is left on the desk")
		}
	})
}

func TestDesk_IsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	d := newDesk(now)
	reply := make(chan outcome, 10*most)
	ask := func() { d.accept(&question{Question: Question{Timeout: time.Second}, since: now, reply: reply}) }
	for range most {
		ask()
	}
	if len(reply) > 0 {
		t.Fatalf("one of %d is answered: %v", most, <-reply)
	}
	ask()
	if o := <-reply; !errors.Is(o.err, errFull) {
		t.Errorf("one more: %v", o.err)
	}
	// The script reads nothing: what is answered does not pile up.
	for range 5 {
		now = now.Add(time.Second)
		_ = d.expire(now)
		for range most {
			ask()
		}
		if n := len(d.waiting); n > 2*most {
			t.Fatalf("%d wait to be asked", n)
		}
	}
	// It reads, and answers nothing.
	for range 3 {
		for d.next() != nil {
			d.said()
		}
		now = now.Add(time.Second)
		_ = d.expire(now)
		if n := len(d.overdue); n == 0 || n > most {
			t.Fatalf("%d late ones are remembered", n)
		}
		for range most - 1 {
			ask()
		}
	}
}

func TestDesk_Strikes(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	ask := func(d *desk, now time.Time) {
		d.accept(&question{Question: Question{Timeout: 5 * time.Second}, since: now, reply: make(chan outcome, 1)})
		d.next()
		d.said()
	}
	t.Run("many at once are one", func(t *testing.T) {
		d := newDesk(start)
		for i := range 50 {
			ask(d, at(float64(i)/10))
		}
		if err := d.expire(at(60)); err != nil {
			t.Error(err)
		}
	})
	t.Run("three in a row end it", func(t *testing.T) {
		d := newDesk(start)
		for i, want := range []bool{false, false, true} {
			ask(d, at(float64(i)*5))
			if err := d.expire(at(float64(i)*5 + 5)); (err != nil) != want {
				t.Errorf("after %d: %v", i+1, err)
			}
		}
	})
	t.Run("an answer forgives", func(t *testing.T) {
		d := newDesk(start)
		for i := range 20 {
			ask(d, at(float64(i)*5))
			if i%2 == 0 {
				_, _ = d.hear(reply{id: d.lastID}, at(float64(i)*5))
			}
			if err := d.expire(at(float64(i)*5 + 5)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("late answers neither forgive nor are babble", func(t *testing.T) {
		d := newDesk(start)
		for range 2 * maxStrays {
			ask(d, start)
		}
		if err := d.expire(at(5)); err != nil {
			t.Fatal(err)
		}
		for id := range uint64(2 * maxStrays) {
			if l, err := d.hear(reply{id: id + 1}, at(6)); l != late || err != nil {
				t.Fatalf("%d is %v, %v, want it late", id+1, l, err)
			}
		}
		if l, err := d.hear(reply{id: 1}, at(6)); l != stray || err != nil {
			t.Errorf("once more it is %v, %v, want a stray", l, err)
		}
		for i := range 2 {
			ask(d, at(6+float64(i)*5))
			if err := d.expire(at(11 + float64(i)*5)); (err != nil) != (i == 1) {
				t.Errorf("after %d more: %v", i+1, err)
			}
		}
	})
	t.Run("strays", func(t *testing.T) {
		d := newDesk(start)
		for i := range maxStrays {
			_, err := d.hear(decode([]byte("debug: x")), start)
			if (err != nil) != (i == maxStrays-1) {
				t.Errorf("line %d: %v", i+1, err)
			}
			if err != nil && !strings.Contains(err.Error(), "debug: x") {
				t.Errorf("%v does not show the line", err)
			}
		}
	})
}
