//go:build linux

package hosttest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/api"
	"tocsin/fsm"
)

// newest is how many of the newest events a digest holds.
const newest = 1000

// digest is what the API of a node shows of the replicated state, a line each.
func (n *node) digest(ctx context.Context) (string, error) {
	var d digest
	var endpoints api.Endpoints
	var events api.Events
	var status api.Status
	for path, into := range map[string]any{
		"/v1/endpoints": &endpoints, fmt.Sprintf("/v1/events?limit=%d", newest): &events, "/v1/status": &status,
	} {
		if err := n.get(ctx, path, into); err != nil {
			return "", err
		}
	}
	d.line("cluster", status.Cluster.ID)
	for _, o := range status.Cluster.Observers {
		d.line("observer", fsm.Observer{Node: o.Node, Site: o.Site, HTTP: o.HTTP, Raft: o.Raft, Gossip: o.Gossip})
	}
	for _, e := range endpoints.Endpoints {
		d.line("endpoint", e)
	}
	for _, e := range events.Events {
		d.event(&e.Event, e.Outcomes)
	}
	return d.text.String(), nil
}

// digestOf is the digest that a node in that state would have. What follows
// from the settings is left to the nodes.
func digestOf(view *fsm.View) string {
	var d digest
	d.line("cluster", view.ClusterID())
	for o := range view.Observers() {
		d.line("observer", fsm.Observer{Node: o.Node, Site: o.Site, HTTP: o.HTTP, Raft: o.Raft, Gossip: o.Gossip})
	}
	for e := range view.Endpoints("") {
		d.line("endpoint", api.Endpoint{
			Key: e.Key, Value: e.Value, State: e.State, Since: e.Since.Round(time.Millisecond), Settings: e.Overrides,
			Effective: view.SettingsOf(e), Labels: e.Labels, Generation: e.Generation, Revision: e.Revision,
			Configured: e.Configured, Modified: e.Modified, LastEvent: e.LastEvent,
		})
	}
	var events []*fsm.Event
	for e := range view.EventsBackwards() {
		if len(events) == newest {
			break
		}
		events = append(events, e)
	}
	for _, e := range slices.Backward(events) {
		outcomes := map[string]fsm.Outcome{}
		for o := range view.Outcomes(e.ID) {
			outcomes[o.Node] = *o
		}
		d.event(e, outcomes)
	}
	return d.text.String()
}

type digest struct{ text strings.Builder }

func (d *digest) line(what string, of any) { fmt.Fprintf(&d.text, "%s %s\n", what, text(of)) }

func (d *digest) event(e *fsm.Event, outcomes map[string]fsm.Outcome) {
	d.line("event", rounded(e))
	for _, name := range slices.Sorted(maps.Keys(outcomes)) {
		o := outcomes[name]
		o.Time, o.Duration = o.Time.Round(time.Millisecond), roundedDuration(o.Duration)
		d.line("outcome", o)
	}
}

// rounded is an event as the API shows it.
func rounded(e *fsm.Event) *fsm.Event {
	shown := *e
	shown.Time = e.Time.Round(time.Millisecond)
	shown.Votes = slices.Clone(e.Votes)
	for i, v := range shown.Votes {
		shown.Votes[i].Age = roundedDuration(v.Age)
	}
	return &shown
}

func roundedDuration(d fsm.Duration) fsm.Duration {
	if d > 0 && time.Duration(d) < time.Millisecond {
		return fsm.Duration(time.Millisecond)
	}
	return fsm.Duration(time.Duration(d).Round(time.Millisecond))
}

// text is v as JSON. All that is given to it can be written so.
func text(v any) string {
	packed, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(packed)
}
