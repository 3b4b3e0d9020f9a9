package gossipdb

import (
	"slices"
	"sync"
	"testing"

	"tocsin/keyring"
)

// TestKeys_ChangeBesideReaders is for the race detector, which saw keys move in
// the slice that packets are opened by. A reader also looks whether the keys that
// stay are there.
func TestKeys_ChangeBesideReaders(t *testing.T) {
	one, two, three, four := keyring.NewKey(), keyring.NewKey(), keyring.NewKey(), keyring.NewKey()
	ring := func(keys ...keyring.Key) keyring.Ring {
		r := keyring.NewRing(keys[0])
		for _, k := range keys[1:] {
			r, _ = r.Install(k)
		}
		return r
	}
	k, err := newKeys(ring(one, two, three))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var reading sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if keys := k.ring.GetKeys(); !slices.ContainsFunc(keys, func(b []byte) bool { return slices.Equal(b, three.Bytes()) }) {
					t.Error("a key that stays is missing")
					return
				}
			}
		})
	}
	for range 2000 {
		for _, to := range []keyring.Ring{
			ring(one, three), ring(one, three, four), ring(four, one, two, three), ring(four, three),
			ring(two, three), ring(three), ring(one, two, four, three), ring(one, two, three),
		} {
			if err := k.set(to); err != nil {
				t.Fatal(err)
			}
			got := k.ring.GetKeys()
			if keyring.FingerprintOf(got[0]) != to.Primary().Fingerprint() || len(got) != len(to.Keys()) ||
				slices.ContainsFunc(got, func(b []byte) bool { return !to.Has(keyring.FingerprintOf(b)) }) {
				t.Fatalf("got %d keys, want %v", len(got), to)
			}
		}
	}
	close(stop)
	reading.Wait()
}
