//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "service" { // see services.go
		fmt.Fprintln(os.Stderr, serve(os.Args[2], os.Args[3]))
		os.Exit(1)
	}
	once := flag.Bool("once", false, "end by itself; the exit code says whether all of it happened")
	binary := flag.String("tocsin", "", "`path` of the tocsin binary")
	flag.Parse()
	if *binary == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "demo: start me with ./run.sh demo [--once]")
		os.Exit(2)
	}
	// SIGPIPE is among them so that a closed pipe ends us in good order too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	err := run(ctx, *binary, *once)
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "\ndemo: interrupted; everything that was started is stopped")
		os.Exit(130)
	default:
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

// run tells the story in a folder of its own, and stays until ctx ends unless
// it is to be told once. Nothing that it started is left when it returns; the
// folder only if the story failed.
func run(ctx context.Context, binary string, once bool) (err error) {
	dir, err := os.MkdirTemp("", "tocsin-demo-")
	if err != nil {
		return err
	}
	s, err := newStory(dir, binary)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() {
		s.standby.kill()
		s.primary.kill()
		s.cluster.stopAll()
		if err == nil || errors.Is(err, context.Canceled) {
			err = errors.Join(err, os.RemoveAll(dir))
			return
		}
		err = fmt.Errorf("%w\nThe logs are in %s", err, filepath.Join(dir, "*", agentLog))
	}()
	began := time.Now()
	s.screen.title("Tocsin, the whole story",
		"Five nodes, a service and its standby, and a client on each of five machines. Real processes, in "+dir)
	if err := s.tell(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.screen.out, "\n  %s\n", s.screen.paint("1;32", fmt.Sprintf("All of it happened, in %.0f s.", time.Since(began).Seconds())))
	if once {
		return nil
	}
	return s.stay(ctx)
}

// newStory prepares everything and starts nothing.
func newStory(dir, binary string) (*story, error) {
	// All at once: nobody listens on what is found until it is started, so
	// another search could find the same.
	addresses, err := freeAddresses(2 + 3*size)
	if err != nil {
		return nil, err
	}
	s := &story{
		screen:  newScreen(os.Stdout),
		primary: newService(dir, "primary", addresses[0]),
		standby: newService(dir, "standby", addresses[1]),
	}
	s.cluster, err = newCluster(dir, binary, s.primary.address, s.standby.address, addresses[2:])
	return s, err
}
