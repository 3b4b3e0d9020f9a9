package dossier

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/api"
)

const (
	// answerWait is how long a node may take for one answer.
	answerWait = 10 * time.Second
	// maxNodes bounds how many nodes are asked.
	maxNodes = 64
)

// Asker asks a node: it returns the body of the answer to GET path at address.
// An error says in few words why there is none.
type Asker interface {
	Get(ctx context.Context, address, path string) ([]byte, error)
}

// question is one thing that is asked for, and the file that it goes into.
type question struct {
	file, path string
	write      func(*Writer, string, []byte)
	// why says in place of the node why it may give no answer, if it can't.
	why string
}

// ofTheCluster is asked of one node, ofEachNode of all.
func ofTheCluster() []question {
	return []question{
		{"status.json", "/v1/status?limit=1000", (*Writer).JSON, ""},
		{"members.json", "/v1/members", (*Writer).JSON, ""},
		{"settings.json", "/v1/settings", (*Writer).JSON, ""},
		{"endpoints.json", "/v1/endpoints?limit=1000", (*Writer).JSON, ""},
		{"events.json", "/v1/events?limit=1000", (*Writer).JSON, ""},
		{"notifications.json", "/v1/notifications?limit=1000", (*Writer).JSON, ""},
	}
}

func ofEachNode() []question {
	return []question{
		{"node.json", "/v1/node", (*Writer).JSON, ""},
		{"config.json", "/v1/config", (*Writer).JSON, ""},
		{"members.json", "/v1/members", (*Writer).JSON, ""},
		{"raft.json", "/v1/cluster", (*Writer).JSON, ""},
		{"metrics.txt", "/metrics", (*Writer).Text, ""},
		{"log.jsonl", "/v1/log?follow=false&level=debug&lines=4096", writeLog, ""},
		{"goroutines.txt", "/debug/pprof/goroutine?debug=2", (*Writer).Text, "profiles are shown to the node's own machine, where its configuration says so (pprof)"},
	}
}

// Gather asks the first of the addresses that knows the cluster about it, and then
// each observer about itself, and writes what they answer to w. Where none knows it,
// each address is asked about itself. It tells progress whom it asks, and who does
// not answer. It fails only if nobody answers at all.
func Gather(ctx context.Context, ask Asker, addresses []string, w *Writer, progress func(string)) error {
	var why []error
	for _, address := range addresses {
		var status api.Status
		err := decoded(ctx, ask, address, "/v1/status?limit=1", &status)
		if err == nil {
			ofAll(ctx, ask, address, status.Cluster, w, progress)
			return ctx.Err()
		}
		why = append(why, fmt.Errorf("%s: %w", address, err))
	}
	for _, err := range why {
		progress(err.Error())
		w.Missing("status.json", err.Error())
	}
	answers := 0
	for _, address := range addresses[:min(len(addresses), maxNodes)] {
		var report api.NodeReport
		if err := decoded(ctx, ask, address, "/v1/node", &report); err != nil {
			w.Missing(address, err.Error())
			continue
		}
		answers++
		aboutItself(ctx, ask, report.Node, address, w, progress)
	}
	if answers == 0 {
		return errors.Join(why...)
	}
	return ctx.Err()
}

// ofAll asks the node at address about the cluster, and each of its observers about
// itself.
func ofAll(ctx context.Context, ask Asker, address string, cluster api.Cluster, w *Writer, progress func(string)) {
	progress(fmt.Sprintf("asking %s at %s about the cluster", cluster.Node, address))
	if err := answered(ctx, ask, address, "", ofTheCluster(), w); err != nil {
		progress(fmt.Sprintf("%s at %s could not be asked about the cluster: %v", cluster.Node, address, err))
	}
	if cluster.ID == "" { // it belongs to none: it is all there is
		aboutItself(ctx, ask, cluster.Node, address, w, progress)
	}
	for i, o := range cluster.Observers {
		if i == maxNodes {
			w.Missing("nodes", fmt.Sprintf("only %d of %d were asked", maxNodes, len(cluster.Observers)))
			break
		}
		at := o.HTTP
		if o.Node == cluster.Node {
			at = address // which is known to lead there, from here
		}
		aboutItself(ctx, ask, o.Node, at, w, progress)
	}
}

func aboutItself(ctx context.Context, ask Asker, node, at string, w *Writer, progress func(string)) {
	progress(fmt.Sprintf("asking %s at %s about itself", node, at))
	if err := answered(ctx, ask, at, node+"/", ofEachNode(), w); err != nil {
		progress(fmt.Sprintf("%s at %s could not be asked, and is missing: %v", node, at, err))
	}
}

// decoded asks one thing and reads the answer into into.
func decoded(ctx context.Context, ask Asker, address, path string, into any) error {
	text, err := get(ctx, ask, address, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the answer can't be read: %w", err)
	}
	return nil
}

// answered asks all questions and writes the answers into files that begin so. A
// node that does not answer the first is not asked the others: the error says why.
func answered(ctx context.Context, ask Asker, address, folder string, all []question, w *Writer) error {
	for i, q := range all {
		text, err := get(ctx, ask, address, q.path)
		if err != nil {
			w.Missing(folder+q.file, cmp.Or(q.why, err.Error()))
			if i == 0 {
				return err
			}
			continue
		}
		q.write(w, folder+q.file, text)
	}
	return nil
}

func get(ctx context.Context, ask Asker, address, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	return ask.Get(ctx, address, path)
}

// writeLog writes the lines of a log that came as server-sent events.
func writeLog(w *Writer, name string, stream []byte) {
	var lines bytes.Buffer
	for message := range strings.SplitSeq(string(stream), "\n\n") {
		if !strings.HasPrefix(message, "event: "+api.LogLine+"\n") {
			continue
		}
		for line := range strings.Lines(message) {
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				lines.WriteString(strings.TrimSuffix(data, "\n") + "\n")
			}
		}
	}
	w.Text(name, lines.Bytes())
}
