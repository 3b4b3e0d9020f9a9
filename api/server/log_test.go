package server_test

import (
	"fmt"
	"log/slog"
	"strconv"
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
		id := func(line string) string { return idOfLine(w, line) }
		r := w.follow(t, "/v1/log?lines=2", "")
		r.want("", id("1"), "")
		r.want("line", id("2"), `"msg":"two"`)
		r.want("line", id("3"), `"msg":"three"`)
		log.Debug("nobody asked for it")
		log.Error("four", "key", "web")
		r.want("line", id("4"), `"msg":"four","key":"web"`)
		time.Sleep(15 * time.Second)
		r.want("", id("4"), "")
		r.stop()

		again := w.follow(t, "/v1/log?level=warn", id("1"))
		again.want("", id("1"), "")
		again.want("line", id("2"), "two")
		again.want("line", id("4"), "four")

		all := w.follow(t, "/v1/log?level=debug", "")
		all.want("", id("4"), "")
		synctest.Wait()
		log.Debug("five")
		all.want("line", id("5"), "five")
		all.stop()
	})
}

// idOfLine is the id of a line of this process of the node.
func idOfLine(w *world, line string) string {
	return strconv.FormatInt(w.started.UnixNano(), 36) + "-" + line
}

// TestLog_OfAProcessThatIsNoMore: the first lines of the next one are not taken for
// those that the reader has seen.
func TestLog_OfAProcessThatIsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := idOfLine(w, "3")
		time.Sleep(time.Second)
		w.started = time.Now()
		w.log = new(logring.Ring)
		log := slog.New(w.log.Handler())
		for _, line := range []string{"one", "two", "three", "four"} {
			log.Info(line)
		}
		r := w.follow(t, "/v1/log", before)
		r.want("restarted", idOfLine(w, "0"), `"started":"2000-01-01T00:00:01Z"`)
		r.want("", idOfLine(w, "0"), "")
		r.want("line", idOfLine(w, "1"), `"msg":"one"`)
		r.stop()
		r = w.follow(t, "/v1/log", idOfLine(w, "3"))
		r.want("", idOfLine(w, "3"), "")
		r.want("line", idOfLine(w, "4"), `"msg":"four"`)
		r.stop()
		synctest.Wait()
	})
}

// TestLog_NeverWaitsForAReader who does not read.
func TestLog_NeverWaitsForAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log = new(logring.Ring)
		log := slog.New(w.log.Handler())
		r := w.follow(t, "/v1/log", "")
		r.want("", idOfLine(w, "0"), "")
		synctest.Wait()
		log.Info("the first")
		synctest.Wait() // it hangs now in writing that
		for i := range logring.MaxLines + 5 {
			log.Info(fmt.Sprint(i))
		}
		time.Sleep(time.Second)
		r.want("line", idOfLine(w, "1"), "the first")
		r.want("missing", idOfLine(w, "6"), `{"lines":5}`)
		r.want("line", idOfLine(w, "7"), `"5"`)
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
	w.request("GET", "/v1/log", "", "Last-Event-ID: a-x").wantWord(t, 400, "Last-Event-ID")
}
