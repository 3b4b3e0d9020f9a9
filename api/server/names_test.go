package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/api/server"
	"tocsin/fsm"
	"tocsin/script"
)

// TestScripts_ANameIsNoPath: whatever a name tries, by whichever way it comes in, it
// names a file in the folder of the scripts or nothing, and nothing is written.
func TestScripts_ANameIsNoPath(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "scripts")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../outside.sh", "plain.txt", "good.sh", "with blank.sh", "-v"} {
		mode := os.FileMode(0o755)
		if name == "plain.txt" {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := script.OpenDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.set("there", "v")
	config := w.config()
	config.Scripts = dir
	handler := server.New(config)
	ways := func(name string) map[string]answer {
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]answer{}
		for _, setting := range []string{"verify", "notify"} {
			settings := fmt.Sprintf(`{"value":"v","settings":{%q:%s}}`, setting, quoted)
			all["put "+setting] = send(handler, "PUT", "/v1/endpoints/new", settings)
			all["patch "+setting] = send(handler, "PATCH", "/v1/endpoints/there", settings)
			all["apply "+setting] = send(handler, "POST", "/v1/endpoints:apply", fmt.Sprintf(`{"endpoints":[{"key":"new","value":"v","settings":{%q:%s}}]}`, setting, quoted))
		}
		return all
	}
	for _, name := range []string{
		"", ".", "..", "../outside.sh", "..\\outside.sh", "./good.sh", "folder/../good.sh", "/bin/sh", filepath.Join(folder, "good.sh"),
		"folder", "folder/", "good.sh/", "good.sh\x00", "\x00", "good.sh\n", "\u2028../x", "~/x", "$(id)", "|id", "good.sh -c id", "plain.txt",
		strings.Repeat("x", 256), strings.Repeat("x", 100_000), "%2e%2e%2foutside.sh", "..%c0%afoutside.sh", "\xc0\xae\xc0\xae/outside.sh",
	} {
		for way, a := range ways(name) {
			if a.status != http.StatusBadRequest {
				t.Errorf("%s %.60q: got %d %.200q", way, name, a.status, a.body)
			}
		}
	}
	if w.writes > 0 {
		t.Errorf("%d writes", w.writes)
	}
	for _, name := range []string{"good.sh", "with blank.sh", "-v"} {
		for way, a := range ways(name) {
			if a.status >= 300 {
				t.Errorf("%s %q: got %d %q", way, name, a.status, a.body)
			}
		}
	}
}

// TestScripts_WhatTheClusterTakesNoNodeTakesForAPath: the state machine and the
// folder each look at a name, and the first never lets in what is a path to the
// other.
func TestScripts_WhatTheClusterTakesNoNodeTakesForAPath(t *testing.T) {
	dir, err := script.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for r := range rune(0x300) {
		for _, name := range []string{string(r), string(r) + string(r), "a" + string(r) + "b", "." + string(r)} {
			if fsm.ValidateScriptName(name) != nil {
				continue
			}
			if _, err := dir.Resolve(name); err == nil || !strings.Contains(err.Error(), "does not exist") {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}
