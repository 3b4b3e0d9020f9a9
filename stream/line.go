package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/health"
)

// Question is one check that the script is asked to make.
type Question struct {
	Key, Value string
	// Timeout is how long the answer may take.
	Timeout time.Duration
	// State is what the cluster holds about the endpoint.
	State      health.Status
	Node, Site string
}

// Answer is what the script found.
type Answer struct {
	Status health.Status
	Reason string // as the script gave it: of any length and form
}

// request is a question as a line. The names of its fields are those of the
// environment that other scripts get.
type request struct {
	ID             uint64  `json:"id"`
	Key            string  `json:"key"`
	Value          string  `json:"value"`
	TimeoutSeconds float64 `json:"timeout_seconds"`
	State          string  `json:"state"`
	Node           string  `json:"node"`
	Site           string  `json:"site"`
}

// encode returns the line that asks q.
func encode(id uint64, q Question) []byte {
	var line bytes.Buffer
	to := json.NewEncoder(&line)
	to.SetEscapeHTML(false) // it goes to a script, not to a browser
	// There is nothing in it that can't be written.
	_ = to.Encode(request{
		ID: id, Key: q.Key, Value: q.Value, TimeoutSeconds: q.Timeout.Seconds(),
		State: q.State.String(), Node: q.Node, Site: q.Site,
	})
	return line.Bytes()
}

// reply is one line that the script has printed, read.
type reply struct {
	id     uint64 // of the question; 0 if it names none
	answer Answer
	// fault is why it is no answer, nil if it is one.
	fault error
	// text is the beginning of a line that names no question, to show it.
	text string
}

// decode reads a line that the script has printed.
func decode(line []byte) reply {
	var said struct {
		ID     uint64 `json:"id"`
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	// A field that is of another kind than it should be leaves the others
	// readable: the id may still tell whose answer this was to be.
	err := json.Unmarshal(line, &said)
	r := reply{id: said.ID, answer: Answer{Reason: said.Reason}}
	if r.id == 0 {
		r.text = string(line[:min(len(line), shown)])
	}
	if err != nil {
		r.fault = fmt.Errorf("its answer can't be read: %w", err)
		return r
	}
	switch said.Status {
	case "UP":
		r.answer.Status = health.Up
	case "DOWN":
		r.answer.Status = health.Down
	case "UNKNOWN":
		r.answer.Status = health.Unknown
	default:
		r.fault = fmt.Errorf("its answer has the status %.64q and not UP, DOWN or UNKNOWN", said.Status)
	}
	return r
}

// shown is how much of a line that is no answer is shown, in bytes.
const shown = 80

// lastLine returns the last line of text that is not blank: what a program says
// last tells why it gave up.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
