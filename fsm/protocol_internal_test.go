package fsm

import (
	"encoding"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProtocol_EveryFieldHasOne: testdata/protocol lists what can stand in the
// log and in a snapshot, line by line with the protocol that it came with. A
// field that is not there was added without one, and older nodes stop at it. One
// that is not in the code any more can still be in a log.
func TestProtocol_EveryFieldHasOne(t *testing.T) {
	var said []string
	fieldsOf(&said, "entry", reflect.TypeFor[packed]())
	fieldsOf(&said, "snapshot", reflect.TypeFor[snapshotHeader]())
	fieldsOf(&said, "snapshot", reflect.TypeFor[snapshotLine]())
	slices.Sort(said)

	text, err := os.ReadFile("testdata/protocol")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	highest := Protocol(0)
	for line := range strings.Lines(string(text)) {
		var p Protocol
		number, field, _ := strings.Cut(strings.TrimSpace(line), " ")
		if err := json.Unmarshal([]byte(number), &p); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		highest = max(highest, p)
		known = append(known, field)
	}
	slices.Sort(known)
	if diff := cmp.Diff(known, said); diff != "" {
		t.Errorf("give what is new a row in the table of protocol.go and a line in testdata/protocol (-listed +in the code):\n%s", diff)
	}
	if highest != Newest {
		t.Errorf("testdata/protocol goes up to %d, and Newest is %d", highest, Newest)
	}
}

// fieldsOf collects the names of all JSON fields below t.
func fieldsOf(into *[]string, path string, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		*into = append(*into, path)
		return
	}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous:
			fieldsOf(into, path, field.Type)
		default:
			fieldsOf(into, path+"."+name, field.Type)
		}
	}
}

// TestProtocol_EveryKindHasARow: a kind without one could never be proposed.
func TestProtocol_EveryKindHasARow(t *testing.T) {
	for field := range reflect.TypeFor[packed]().Fields() {
		command, ok := reflect.Zero(field.Type.Elem()).Interface().(Command)
		if !ok {
			t.Fatalf("%s is no command", field.Name)
		}
		if p := since(command); p < 1 || p > Newest {
			t.Errorf("%T takes protocol %d, and this build reads 1 to %d", command, p, Newest)
		}
	}
}
