package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/health"
	"tocsin/script"
)

// life is what one fake process does: it reads requests and prints lines until it
// ends by itself, its input does, or ctx does.
type life func(ctx context.Context, in <-chan request, print func(string)) script.Result

// fakes is a room whose processes are fakes.
type fakes struct {
	*Room
	file    string
	lives   atomic.Int64 // begun
	running atomic.Int64
}

func fake(t *testing.T, each func(n int64) life) *fakes {
	t.Helper()
	f := &fakes{Room: New(nil, nil), file: filepath.Join(t.TempDir(), "fake")}
	if err := os.WriteFile(f.file, []byte("1"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.converse = func(ctx context.Context, _ script.Command, say <-chan []byte, hear func([]byte)) script.Result {
		f.running.Add(1)
		defer f.running.Add(-1)
		in, over := make(chan request), make(chan struct{})
		var reading sync.WaitGroup
		reading.Go(func() {
			defer close(in)
			for {
				select {
				case line, more := <-say:
					var r request
					if !more {
						return
					}
					if err := json.Unmarshal(line, &r); err != nil {
						t.Errorf("asked with %q: %v", line, err)
					}
					select {
					case in <- r:
					case <-over:
						return
					}
				case <-over:
					return
				}
			}
		})
		r := each(f.lives.Add(1))(ctx, in, func(line string) { hear([]byte(line)) })
		close(over)
		reading.Wait()
		if ctx.Err() != nil {
			r.Interrupted = true
		}
		return r
	}
	t.Cleanup(f.Close)
	return f
}

// ask asks a question with a timeout of 5s.
func (f *fakes) ask(t *testing.T, key string) (Answer, error) {
	return f.Ask(t.Context(), f.file, Question{Key: key, Timeout: 5 * time.Second})
}

// answering answers each request, with its key for a reason, after pause.
func answering(pause time.Duration) life {
	return func(ctx context.Context, in <-chan request, print func(string)) script.Result {
		var busy sync.WaitGroup
		defer busy.Wait()
		for {
			select {
			case r, more := <-in:
				if !more {
					return script.Result{}
				}
				busy.Go(func() {
					select {
					case <-time.After(pause):
						print(fmt.Sprintf(`{"id":%d,"status":"UP","reason":%q}`, r.ID, r.Key))
					case <-ctx.Done():
					}
				})
			case <-ctx.Done():
				return script.Result{ExitCode: -1, Signal: "terminated"}
			}
		}
	}
}

// deaf reads, and says nothing until it has to end.
func deaf(ctx context.Context, in <-chan request, _ func(string)) script.Result {
	for {
		select {
		case _, more := <-in:
			if !more {
				in = nil // and stays
			}
		case <-ctx.Done():
			return script.Result{ExitCode: -1, Signal: "killed"}
		}
	}
}

func always(l life) func(int64) life { return func(int64) life { return l } }

func TestRoom_ManyUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, always(answering(2*time.Second)))
		began := time.Now()
		var asking sync.WaitGroup
		for i := range 1000 {
			asking.Go(func() {
				if a, err := f.ask(t, fmt.Sprint(i)); err != nil || a.Status != health.Up || a.Reason != fmt.Sprint(i) {
					t.Errorf("%d: %+v, %v", i, a, err)
				}
			})
		}
		asking.Wait()
		if took := time.Since(began); took != 2*time.Second || f.lives.Load() != 1 {
			t.Errorf("%v, %d processes, want 2s and 1", took, f.lives.Load())
		}
	})
}

func TestRoom_LateAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, always(answering(7*time.Second)))
		began := time.Now()
		if _, err := f.ask(t, "a"); !errors.Is(err, ErrLate) || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %v, want it late after 5s", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.Ask(ctx, f.file, Question{Timeout: 5 * time.Second}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want that of the context", err)
		}
		// What comes late is no answer to anything else.
		if a, err := f.Ask(t.Context(), f.file, Question{Key: "c", Timeout: 8 * time.Second}); err != nil || a.Reason != "c" {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

func TestRoom_RestartsWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dies := func(_ context.Context, in <-chan request, _ func(string)) script.Result {
			<-in
			return script.Result{ExitCode: 3, Stderr: "trace\nno such module\n"}
		}
		f := fake(t, func(n int64) life {
			if n == 9 {
				return answering(0)
			}
			return dies
		})
		began := time.Now()
		var starts []time.Duration
		for f.lives.Load() < 9 {
			before := f.lives.Load()
			_, err := f.ask(t, "a")
			if f.lives.Load() > before {
				starts = append(starts, time.Since(began).Round(time.Second))
			}
			if f.lives.Load() < 9 && !strings.Contains(fmt.Sprint(err), "fake has exited with 3: no such module") {
				t.Fatalf("%v does not say what is wrong", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if want := "[0s 1s 3s 7s 15s 31s 1m3s 2m3s 3m3s]"; fmt.Sprint(starts) != want {
			t.Errorf("started at %v, want %v", starts, want)
		}
		if a, err := f.ask(t, "a"); err != nil || a.Reason != "a" {
			t.Errorf("%+v, %v, want it well again", a, err)
		}
	})
}

func TestRoom_Stats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, func(n int64) life {
			return func(ctx context.Context, in <-chan request, print func(string)) script.Result {
				print("hello")
				if n == 2 {
					return script.Result{ExitCode: 3}
				}
				return answering(6*time.Second)(ctx, in, print)
			}
		})
		expect := func(want Stats) {
			t.Helper()
			synctest.Wait()
			if got := f.Stats(); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		if _, err := f.ask(t, "a"); !errors.Is(err, ErrLate) {
			t.Errorf("%v, want it late", err)
		}
		expect(Stats{Running: 1, Starts: 1, Refused: 1})
		time.Sleep(2 * time.Second)
		expect(Stats{Running: 1, Starts: 1, Late: 1, Refused: 1})
		time.Sleep(idle)
		expect(Stats{Starts: 1, Late: 1, Refused: 1}) // it was let go of, which is no failure
		_, _ = f.ask(t, "a")
		expect(Stats{Starts: 2, Failures: 1, Late: 1, Refused: 2})
	})
}

func TestRoom_EndsWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, func(n int64) life {
			if n == 1 {
				return deaf
			}
			return answering(0)
		})
		for range 3 {
			if _, err := f.ask(t, "a"); !errors.Is(err, ErrLate) {
				t.Errorf("%v, want it late", err)
			}
		}
		synctest.Wait()
		if n := f.running.Load(); n != 0 {
			t.Errorf("%d processes run", n)
		}
		if _, err := f.ask(t, "a"); err == nil || !strings.Contains(err.Error(), "it has answered nothing in time for 15s; it is started again in ") {
			t.Errorf("%v does not say why", err)
		}
		time.Sleep(time.Second)
		if a, err := f.ask(t, "a"); err != nil || a.Reason != "a" {
			t.Errorf("%+v, %v, want another process to answer", a, err)
		}
	})
}

func TestRoom_EndsWhatBabbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, always(func(ctx context.Context, _ <-chan request, print func(string)) script.Result {
			for ctx.Err() == nil {
				print(`{"id":1000000,"status":"UP"}`)
				print("hello")
				time.Sleep(time.Millisecond)
			}
			return script.Result{Signal: "terminated"}
		}))
		began := time.Now()
		if _, err := f.ask(t, "a"); err == nil || !strings.Contains(err.Error(), `1000 lines in a row that answer no check; it printed "hello"`) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestRoom_EndsWhatNobodyAsks(t *testing.T) {
	for _, test := range []struct {
		life  life
		after time.Duration
	}{{answering(0), idle}, {deaf, idle + farewell}} {
		synctest.Test(t, func(t *testing.T) {
			f := fake(t, always(test.life))
			_, _ = f.ask(t, "a")
			time.Sleep(idle - 6*time.Second)
			_, _ = f.ask(t, "a")
			asked := time.Now() // or five seconds before
			time.Sleep(test.after - 6*time.Second)
			if f.running.Load() != 1 {
				t.Error("it has ended already")
			}
			time.Sleep(7 * time.Second)
			synctest.Wait()
			if n := f.running.Load(); n != 0 || len(f.speakers) > 0 {
				t.Errorf("%d processes, %d speakers after %v", n, len(f.speakers), time.Since(asked))
			}
			if _, err := f.ask(t, "a"); f.lives.Load() != 2 {
				t.Errorf("no new process: %v", err)
			}
		})
	}
}

// Who replaces a script gets the new one at the next check, and no check that is
// under way in the old one is lost.
func TestRoom_AnotherFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, always(answering(2*time.Second)))
		var asking sync.WaitGroup
		asking.Go(func() {
			if a, err := f.ask(t, "old"); err != nil || a.Reason != "old" {
				t.Errorf("%+v, %v from the one that was replaced", a, err)
			}
		})
		time.Sleep(time.Second)
		if err := os.WriteFile(f.file+".new", []byte("22"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.file+".new", f.file); err != nil {
			t.Fatal(err)
		}
		if a, err := f.ask(t, "new"); err != nil || a.Reason != "new" || f.lives.Load() != 2 {
			t.Errorf("%+v, %v, %d processes", a, err, f.lives.Load())
		}
		asking.Wait()
		synctest.Wait()
		if n := f.running.Load(); n != 1 {
			t.Errorf("%d processes run", n)
		}
	})
}

func TestRoom_CloseAnswersAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fake(t, always(deaf))
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() {
				if _, err := f.ask(t, "a"); !errors.Is(err, errClosed) {
					t.Errorf("%v, want that it is closed", err)
				}
			})
		}
		time.Sleep(time.Second)
		f.Close()
		if n := f.running.Load(); n != 0 {
			t.Errorf("%d processes run", n)
		}
		asking.Wait()
		if _, err := f.ask(t, "a"); !errors.Is(err, errClosed) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// Whatever the script does, each check has its one outcome within its timeout,
// and nothing stays. The seed of a failure is in its name.
func TestRoom_WhateverTheScriptDoes(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { askTheMad(t, seed) })
		})
	}
}

func askTheMad(t *testing.T, seed uint64) {
	f := fake(t, func(n int64) life { return mad(rand.New(rand.NewPCG(seed, uint64(n)))) })
	random := rand.New(rand.NewPCG(seed, 0))
	var asking sync.WaitGroup
	var replaced []time.Time
	for i := range 300 {
		timeout := time.Duration(random.IntN(5000)+1) * time.Millisecond
		asking.Go(func() {
			began := time.Now()
			key := fmt.Sprint(i)
			a, err := f.Ask(t.Context(), f.file, Question{Key: key, Timeout: timeout})
			if took := time.Since(began); took > timeout || errors.Is(err, ErrLate) != (took == timeout) && err != nil {
				t.Errorf("%+v, %v after %v of %v", a, err, took, timeout)
			}
			if err == nil && a.Reason != key {
				t.Errorf("%s has the answer for %s", key, a.Reason)
			}
		})
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
		if random.IntN(50) == 0 {
			replaced = append(replaced, time.Now())
			if err := os.WriteFile(f.file, fmt.Append(nil, i), 0o700); err != nil {
				t.Error(err)
			}
		}
		// Those of older files may answer what is under way, and take their leave;
		// a file that is written, not renamed, is another one twice.
		recent := 0
		for _, at := range replaced {
			if time.Since(at) < 5*time.Second+farewell+3*time.Second {
				recent++
			}
		}
		if n := f.running.Load(); n > int64(1+2*recent) {
			t.Errorf("%d processes run at once, and the file was replaced %d times of late", n, recent)
		}
	}
	asking.Wait()
	f.Close()
	if n := f.running.Load(); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// mad does at random what a script can do.
func mad(random *rand.Rand) life {
	return func(ctx context.Context, in <-chan request, print func(string)) script.Result {
		var held []request
		answer := func(r request) { print(fmt.Sprintf(`{"id":%d,"status":"UP","reason":%q}`, r.ID, r.Key)) }
		for ctx.Err() == nil {
			switch random.IntN(40) {
			case 0:
				return script.Result{ExitCode: random.IntN(3)}
			case 1:
				print("babble")
			case 2:
				for range 300 {
					print(`{"id":99999999,"status":"UP"}`)
				}
			case 3:
				time.Sleep(time.Duration(random.IntN(8000)) * time.Millisecond)
			case 4:
				if len(held) > 0 {
					answer(held[0]) // and once more later, perhaps
				}
			}
			select {
			case r, more := <-in:
				if !more {
					return script.Result{}
				}
				if held = append(held, r); random.IntN(3) > 0 {
					answer(held[len(held)-1])
				}
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
		return script.Result{Signal: "terminated"}
	}
}
