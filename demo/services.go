//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// service is one of the two things that clients may use. It is a process of its
// own, so that it can die like one: this binary, started again as
// `demo service NAME ADDRESS`.
type service struct {
	name    string
	address string
	log     string
	proc    *process // nil while it is meant to be down
}

func newService(dir, name, address string) *service {
	return &service{name: name, address: address, log: filepath.Join(dir, name+".log")}
}

// health is the URL that the nodes check.
func (s *service) health() string { return "http://" + s.address + "/health" }

// start starts the service and returns once it answers.
func (s *service) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the %s: %w", s.name, err)
	}
	if s.proc, err = startProcess("the "+s.name, s.log, self, "service", s.name, s.address); err != nil {
		return err
	}
	return await(ctx, 10*time.Second, "the "+s.name+" answers", func() (string, error) {
		if s.proc.ended() {
			return "", fmt.Errorf("the %s has ended by itself: %s", s.name, s.proc.lastWords())
		}
		if _, err := get(ctx, s.health()); err != nil {
			return err.Error(), nil
		}
		return "", nil
	})
}

func (s *service) kill() {
	if s.proc != nil {
		s.proc.kill()
		s.proc = nil
	}
}

// serve is the life of a service's process.
func serve(name, address string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "well") })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "the %s, at your service\n", name) })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// client is whatever on a machine uses the service: it reads a file that says
// which backend to use.
type client struct {
	config string // rewritten by switch.sh
	log    string // one line for each time switch.sh acted
}

// backend returns the address that the configuration names.
func (c client) backend() (string, error) {
	text, err := os.ReadFile(c.config)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if backend, ok := strings.CutPrefix(strings.TrimSpace(line), "backend = "); ok {
			return backend, nil
		}
	}
	return "", fmt.Errorf("%s names no backend: %q", c.config, text)
}

// ask does what a client does: it reads its configuration, asks the backend
// that is named there, and returns the answer.
func (c client) ask(ctx context.Context) (string, error) {
	backend, err := c.backend()
	if err != nil {
		return "", err
	}
	return get(ctx, "http://"+backend+"/")
}

// acted returns the lines that switch.sh has logged.
func (c client) acted() ([]string, error) {
	text, err := os.ReadFile(c.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' }), nil
}

// get returns what a service answers, which has to be a success.
func get(ctx context.Context, address string) (string, error) {
	body, status, err := page(ctx, address)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(body))
	if status != http.StatusOK {
		return "", fmt.Errorf("%s answers %d: %s", address, status, text)
	}
	return text, nil
}
