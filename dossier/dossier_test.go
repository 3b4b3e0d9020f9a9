package dossier_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"tocsin/dossier"
)

// files takes an archive apart.
func files(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	packed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := tar.NewReader(packed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.Mode != 0o600 || all[header.Name] != "" {
			t.Errorf("%s has the mode %o, or is there twice", header.Name, header.Mode)
		}
		all[header.Name] = string(content)
	}
}

// nodes answers for a cluster of n1, which answers everything, and n2, which is
// gone.
type nodes struct{}

func (nodes) Get(_ context.Context, address, path string) ([]byte, error) {
	path, _, _ = strings.Cut(path, "?")
	switch {
	case address != "here:1":
		return nil, errors.New("connection refused")
	case path == "/v1/status":
		return []byte(`{"cluster":{"id":"C","node":"n1","observers":[{"node":"n1","http":"x:1"},{"node":"n2","http":"y:1"}]},"endpoints":[{"key":"web","value":"redis://:hunter2@h"}]}`), nil
	case path == "/v1/log":
		return []byte(": alive\nid: 0\n\nevent: line\nid: 1\ndata: {\"msg\":\"a\",\"password\":\"hunter2\"}\n\nevent: missing\ndata: {}\n\nevent: line\nid: 2\ndata: {\"msg\":\"b\"}\n\n"), nil
	case path == "/debug/pprof/goroutine":
		return nil, errors.New("profiles are switched off here")
	}
	return []byte(`{"token":"hunter2"}`), nil
}

func TestGather(t *testing.T) {
	var archive bytes.Buffer
	w := dossier.NewWriter(&archive, "tocsin-debug", time.Unix(1, 0))
	var said []string
	if err := dossier.Gather(t.Context(), nodes{}, []string{"gone:1", "here:1"}, w, func(s string) { said = append(said, s) }); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := files(t, archive.Bytes())
	for name, text := range all {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s has a secret: %s", name, text)
		}
	}
	for name, want := range map[string]string{
		"status.json": `"web"`, "events.json": "removed", "n1/node.json": "removed", "n1/metrics.txt": "removed", "n1/config.json": "removed",
		"n1/log.jsonl": "{\"msg\":\"a\",\"password\":\"(removed)\"}\n{\"msg\":\"b\"}\n",
		"MISSING.txt":  "says so (pprof)\nn2/node.json: connection refused\n",
	} {
		if got := all["tocsin-debug/"+name]; !strings.Contains(got, want) {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if len(said) != 4 || !strings.Contains(said[2], "n2 at y:1") || said[3] != "n2 at y:1 could not be asked, and is missing: connection refused" {
		t.Errorf("said %q", said)
	}
	if err := dossier.Gather(t.Context(), nodes{}, []string{"gone:1", "gone:2"}, dossier.NewWriter(io.Discard, "x", time.Unix(1, 0)), func(string) {}); err == nil {
		t.Error("nobody answers, and nobody says so")
	}
}

func TestWriter_IsBoundedAndStaysInItsFolder(t *testing.T) {
	var archive bytes.Buffer
	w := dossier.NewWriter(&archive, "f", time.Unix(1, 0))
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
		w.Text(name, append(bytes.Repeat([]byte("x"), 9<<20), '!'))
	}
	w.Text("../../etc/passwd", []byte("y"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all, whole := files(t, archive.Bytes()), 0
	for name, text := range all {
		whole += len(text)
		if strings.Contains(name, "..") || !strings.HasPrefix(name, "f/") {
			t.Errorf("a file is called %s", name)
		}
	}
	if whole > 64<<20+4096 || len(all["f/a"]) != 8<<20 || !strings.HasSuffix(all["f/a"], "!") || len(all["f/i"]) != 0 || !strings.Contains(all["f/MISSING.txt"], "only the last") {
		t.Errorf("%d bytes, a has %d, i has %d: %s", whole, len(all["f/a"]), len(all["f/i"]), all["f/MISSING.txt"])
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriter_TellsOfAFullDisk(t *testing.T) {
	w := dossier.NewWriter(full{}, "f", time.Unix(1, 0))
	w.Text("a", []byte("x"))
	if err := w.Close(); err == nil {
		t.Error("no error")
	}
}

// lost are nodes that know no cluster. One is gone.
type lost struct{}

func (lost) Get(ctx context.Context, address, path string) ([]byte, error) {
	path, _, _ = strings.Cut(path, "?")
	switch {
	case path == "/v1/status":
		return nil, errors.New("it has found no leader")
	case address == "gone:1":
		return nil, errors.New("connection refused")
	case path == "/v1/node":
		return []byte(`{"node":"` + address[:2] + `"}`), nil
	}
	return []byte(`{"asked":"` + address + `"}`), nil
}

// TestGather_WhereNobodyKnowsTheCluster holds what each address tells of itself.
func TestGather_WhereNobodyKnowsTheCluster(t *testing.T) {
	var archive bytes.Buffer
	w := dossier.NewWriter(&archive, "f", time.Unix(1, 0))
	if err := dossier.Gather(t.Context(), lost{}, []string{"gone:1", "n1:1", "n2:1"}, w, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := files(t, archive.Bytes())
	for name, want := range map[string]string{
		"n1/node.json": `"n1"`, "n1/raft.json": "n1:1", "n2/config.json": "n2:1", "n2/log.jsonl": "",
		"MISSING.txt": "status.json: n2:1: it has found no leader\ngone:1: connection refused\n",
	} {
		if got, there := all["f/"+name]; !there || !strings.Contains(got, want) {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if _, there := all["f/status.json"]; there {
		t.Error("there is a status that nobody told")
	}
}
