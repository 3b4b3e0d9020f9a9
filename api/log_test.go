package api_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/logring"
)

func TestLog_BeginsWithWhatWasAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log = new(logring.Ring)
		log := slog.New(w.log.Handler())
		log.Info("one")
		log.Warn("two")
		log.Info("three")
		r := w.follow(t, "/v1/log?lines=2", "")
		r.want("", "1", "")
		r.want("line", "2", `"msg":"two"`)
		r.want("line", "3", `"msg":"three"`)
		log.Debug("nobody asked for it")
		log.Error("four", "key", "web")
		r.want("line", "4", `"msg":"four","key":"web"`)
		time.Sleep(15 * time.Second)
		r.want("", "4", "")
		r.stop()

		again := w.follow(t, "/v1/log?level=warn", "1")
		again.want("", "1", "")
		again.want("line", "2", "two")
		again.want("line", "4", "four")

		all := w.follow(t, "/v1/log?level=debug", "")
		all.want("", "4", "")
		synctest.Wait()
		log.Debug("five")
		all.want("line", "5", "five")
		all.stop()
	})
}

// TestLog_NeverWaitsForAReader who does not read.
func TestLog_NeverWaitsForAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log = new(logring.Ring)
		log := slog.New(w.log.Handler())
		r := w.follow(t, "/v1/log", "")
		r.want("", "0", "")
		synctest.Wait()
		log.Info("the first")
		synctest.Wait() // it hangs now in writing that
		for i := range logring.MaxLines + 5 {
			log.Info(fmt.Sprint(i))
		}
		time.Sleep(time.Second)
		r.want("line", "1", "the first")
		r.want("missing", "6", `{"lines":5}`)
		r.want("line", "7", `"5"`)
		time.Sleep(11 * time.Second) // longer than it has patience
		if _, err := r.lines.ReadString('!'); err == nil {
			t.Error("the stream goes on")
		}
	})
}

func TestLog_EndsWithWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.log = new(logring.Ring)
	slog.New(w.log.Handler()).Info("one")
	a := send(w.handler(), "GET", "/v1/log?lines=10&follow=false", "")
	if a.status != 200 || strings.Count(a.body, "event: line") != 1 {
		t.Errorf("got %d %s", a.status, a.body)
	}
	w.get("/v1/log?level=loud").wantWord(t, 400, "loud", "debug, info")
	w.get("/v1/log?lines=9999").wantWord(t, 400, "4096")
	w.get("/v1/log?follow=no").wantWord(t, 400, "neither true nor false")
	w.request("GET", "/v1/log", "", "Last-Event-ID: x").wantWord(t, 400, "Last-Event-ID")
}
