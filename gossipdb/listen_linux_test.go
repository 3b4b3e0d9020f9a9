package gossipdb_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"tocsin/gossipdb"
	"tocsin/health"
	"tocsin/keyring"
)

// TestGossip_AStrangerWhoFillsThePortKeepsNobodyOut: from one address it opens all
// the streams that it can and says little on them, and sends packets of all sizes.
// A node that joins then is taken in, and heard.
func TestGossip_AStrangerWhoFillsThePortKeepsNobodyOut(t *testing.T) {
	for name, ring := range map[string]keyring.Ring{"with a key": keyring.NewRing(keyring.NewKey()), "in the clear": {}} {
		t.Run(name, func(t *testing.T) { fillThePort(t, ring) })
	}
}

func fillThePort(t *testing.T, ring keyring.Ring) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	start := func(name string) (*gossipdb.Gossip, *gossipdb.DB) {
		return overLoopback(ctx, t, &running, name, ring)
	}
	a, adb := start("a")

	stranger := net.IPv4(127, 0, 0, 2)
	greeting := "\xc1\x00"
	sealed := binary.BigEndian.AppendUint32([]byte(greeting+"\x0a"), 20<<20) // what the library calls encrypted
	for i := range 80 {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: stranger}}).Dial("tcp", a.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = c.Write([][]byte{nil, []byte(greeting), []byte("\xc1\xff"), sealed}[i%4]) // it may be one too many
		if i == 3 {
			running.Go(func() { _, _ = c.Write(bytes.Repeat([]byte{1}, 21<<20)) })
		}
	}
	packets, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: stranger}}).Dial("udp", a.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	for size := 1; size < 65_000; size *= 2 {
		for _, first := range []string{greeting, greeting + "\x00", greeting + "\x09", "\x08", ""} {
			_, _ = io.WriteString(packets, first+string(bytes.Repeat([]byte{0xff}, size)))
		}
	}

	b, bdb := start("b")
	if n, err := b.Join([]string{a.Address()}); n != 1 || err != nil {
		t.Fatalf("Join = %d, %v", n, err)
	}
	changes := adb.Subscribe()
	defer changes.Close()
	bdb.Open(1)
	bdb.Cast(1, []gossipdb.Vote{{Slot: 7, Verdict: health.Down}})
	select {
	case <-changes.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("the ballot did not arrive")
	}
	// Streams are taken in the order in which they come, so all of them were seen.
	if n := a.Stats().Crowded; n == 0 || n > 48 {
		t.Errorf("%d streams were hung up on, want 48 at most, and some", n)
	}
	if n := len(a.Members()); n != 2 {
		t.Errorf("it has %d members: %+v", n, a.Members())
	}
}
