//go:build unix

package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwait(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		look func(elapsed time.Duration) (string, error)
		want string        // part of the error, "" for none
		took time.Duration // how long it waits
	}{
		{"there at once", func(time.Duration) (string, error) { return "", nil }, "", 0},
		{"there in time", func(e time.Duration) (string, error) {
			if e < 900*time.Millisecond {
				return "patience", nil
			}
			return "", nil
		}, "", 900 * time.Millisecond},
		{"never there", func(time.Duration) (string, error) { return "the bell", nil }, "still missing: the bell", time.Second},
		{"an error", func(time.Duration) (string, error) { return "", broken }, "broken", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := await(t.Context(), time.Second, "it rings", func() (string, error) { return test.look(time.Since(began)) })
				if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %q", err, test.want)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestAwaitIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := await(ctx, time.Hour, "it rings", func() (string, error) { return "the bell", nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the end of the context", err)
		}
	})
}
