package notify

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/fsm"
	"tocsin/health"
)

func FuzzDecodeRecord(f *testing.F) {
	seed := func(bucket string, id uint64, what any) {
		record, err := encodeRecord(placeIn(bucket, id), what)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(id, record)
	}
	seed(actedBucket, 7, Acted{Key: "7", Generation: 3, Event: 7, Sequence: 2, State: health.Down})
	seed(summaryBucket, 0, summary{Node: "n", Cluster: "c", Cursor: 5, Origin: 3, Entries: 1})
	seed(entriesBucket, 7, Entry{Event: 7, Key: "k", Stage: Started, Attempt: 2, Role: fsm.Leader, TakenOver: true, Before: 1})
	seed(outboxBucket, 7, fsm.Outcome{Event: 7, Node: "n", Ending: fsm.Done, Duration: fsm.Duration(time.Second), Time: time.Unix(1, 0).UTC()})
	f.Add(uint64(1), []byte{})
	f.Add(uint64(1), []byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, id uint64, record []byte) {
		// With its own sum, so that the fuzzer gets behind the checksum too.
		for _, bucket := range buckets() {
			check(t, bucket, id, record)
			var summed []byte
			if len(record) > sumSize {
				body := record[:len(record)-sumSize]
				summed = append(summed, body...)
				sum := sumOf(placeIn(bucket, id), body)
				check(t, bucket, id, append(summed, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)))
			}
		}
	})
}

// placeIn returns the place of the record that has that number, or that number
// for a name.
func placeIn(bucket string, id uint64) place {
	switch bucket {
	case summaryBucket:
		return numbered(summaryBucket, 0)
	case actedBucket:
		return named(actedBucket, strconv.FormatUint(id, 10))
	}
	return numbered(bucket, id)
}

// check decodes record, and when it can, that it says the same once more.
func check(t *testing.T, bucket string, id uint64, record []byte) {
	t.Helper()
	decode := func(record []byte) (any, error) {
		switch bucket {
		case summaryBucket:
			return decodeSummary(record)
		case entriesBucket:
			return decodeEntry(id, record)
		case actedBucket:
			return decodeActed(strconv.FormatUint(id, 10), record)
		}
		return decodeOutcome(id, record)
	}
	first, err := decode(record)
	if err != nil {
		return
	}
	again, err := encodeRecord(placeIn(bucket, id), first)
	if err != nil {
		t.Fatalf("%+v was decoded and can't be encoded: %v", first, err)
	}
	second, err := decode(again)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Fatalf("%+v became %+v, %v", first, second, err)
	}
}

func TestDecodeRecord_SaysWhatIsWrong(t *testing.T) {
	good, err := encodeRecord(entryAt(7), Entry{Event: 7, Key: "k", Stage: Waiting})
	if err != nil {
		t.Fatal(err)
	}
	newer := func() []byte {
		body := append([]byte{2}, "whatever"...)
		sum := sumOf(entryAt(7), body)
		return append(body, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	}()
	beyond, err := encodeRecord(entryAt(7), struct {
		Entry
		Mood string `json:"mood"`
	}{Entry{Event: 7, Key: "k", Stage: Waiting}, "good"})
	if err != nil {
		t.Fatal(err)
	}
	contradiction, err := encodeRecord(entryAt(7), Entry{Event: 7, Key: "k", Stage: Started})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		id     uint64
		record []byte
		want   string
	}{
		{"cut off", 7, good[:3], "is cut off"},
		{"cut a little", 7, good[:len(good)-1], "checksum"},
		{"under another key", 8, good, "checksum"},
		{"of a newer build", 7, newer, "written by a newer build: install"},
		{"of a newer build that says more", 7, beyond, "written by a newer build: install"},
		{"contradicting itself", 7, contradiction, "contradicts itself"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := decodeEntry(test.id, test.record); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
