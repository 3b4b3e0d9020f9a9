package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"tocsin/cli/client"
	"tocsin/cli/screen"
	"tocsin/render"
)

// maxEvent is the most that is read of an event, in bytes.
const maxEvent = 4 << 20

// eventVariables are the variables of notification scripts, and what a template
// calls what is in them: the same as it is called on standard input. Those of
// numbers are numbers.
var eventVariables = []struct {
	variable, name string
	number         bool
}{
	{"TOCSIN_EVENT_ID", "id", true},
	{"TOCSIN_KEY", "key", false},
	{"TOCSIN_VALUE", "value", false},
	{"TOCSIN_STATUS", "status", false},
	{"TOCSIN_PREVIOUS_STATUS", "previous_status", false},
	{"TOCSIN_ROLE", "role", false},
	{"TOCSIN_CLUSTER", "cluster", false},
	{"TOCSIN_NODE", "node", false},
	{"TOCSIN_SITE", "site", false},
	{"TOCSIN_ATTEMPT", "attempt", true},
	{"TOCSIN_EVENT_TIME", "time", false},
	{"TOCSIN_VOTES_UP", "votes_up", true},
	{"TOCSIN_VOTES_DOWN", "votes_down", true},
	{"TOCSIN_VOTES_UNKNOWN", "votes_unknown", true},
}

// eventData returns what a notification script is told: its environment, and the
// event on its standard input. By hand, without the id of an event, the input is
// left alone, and the id is 0.
func eventData(stdin io.Reader) (data map[string]any, id uint64, err error) {
	data = map[string]any{}
	for _, v := range eventVariables {
		text, set := os.LookupEnv(v.variable)
		switch {
		case !set || v.number && text == "":
		case v.number:
			if _, err := strconv.ParseUint(text, 10, 64); err != nil {
				return nil, 0, render.GiveUp{Err: fmt.Errorf("%s is %q, and not a number", v.variable, text)}
			}
			data[v.name] = json.Number(text)
		default:
			data[v.name] = text
		}
	}
	number, ok := data["id"].(json.Number)
	if !ok {
		return data, 0, nil
	}
	if id, err = strconv.ParseUint(number.String(), 10, 64); err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(stdin, maxEvent))
	if err != nil {
		return nil, 0, fmt.Errorf("read the event: %w", err)
	}
	if len(bytes.TrimSpace(text)) > 0 {
		if err := decodeInto(&data, text); err != nil {
			return nil, 0, render.GiveUp{Err: fmt.Errorf("the event on standard input can't be read: %w", err)}
		}
	}
	return data, id, nil
}

// addStatus puts all endpoints and the cluster into data, as a node shows them
// that knows the event id.
func addStatus(ctx context.Context, nodes *client.Client, data map[string]any, id uint64) error {
	raw, err := client.FetchAll(ctx, nodes, "/v1/status", nil)
	if err != nil {
		return err
	}
	if err := decodeInto(&data, raw); err != nil {
		return fmt.Errorf("the answer can't be read: %w", err)
	}
	var known struct {
		Cluster struct {
			Node  string `json:"node"`
			Index uint64 `json:"index"`
		} `json:"cluster"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return fmt.Errorf("the answer can't be read: %w", err)
	}
	if known.Cluster.Index < id {
		return fmt.Errorf("node %s has not come to event %d yet, only to %d: try again, or ask the node of this machine", screen.Clean(known.Cluster.Node), id, known.Cluster.Index)
	}
	return nil
}

// decodeInto adds the fields of a JSON object to data; its numbers stay as they
// are written.
func decodeInto(data *map[string]any, text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(data)
}
