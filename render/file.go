package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/script"
)

// Job is one file to be brought up to date.
type Job struct {
	// Text is what the file is to hold; what is empty is refused.
	Text []byte
	// Event is the id of the event that it is done for; 0 if there is none, and
	// then there is no fence. Cluster is the id of the cluster whose event it is.
	Event   uint64
	Cluster string

	File string
	// Mode is that of a file that is not there yet; one that is keeps its own.
	Mode fs.FileMode
	// Check and Reload are commands with their arguments; none if empty. In those
	// of Check {} stands for the path of the new text, which is not in place yet.
	// A Check without it looks at more than the file, and is run once that is in
	// place; if it refuses the old one comes back before anybody is told of it.
	Check, Reload []string
	// Timeout is how long each of the two may take, and how long another run for
	// the same file is waited for.
	Timeout time.Duration
	// DryRun has nothing done but a check with {}, and Report.Diff tell what would be.
	DryRun bool
}

// Report is what was done.
type Report struct {
	// Refused says why nothing was; "" otherwise.
	Refused string
	// Replaced: the file has another text. Reloaded: Reload was run, with success.
	Replaced, Reloaded bool
	// Diff is what changes, or would.
	Diff string
}

// work is a Job under way.
type work struct {
	Job
	file, beside string // where a link leads; and what the names beside it begin with
	found
	candidate *os.File
	info      fs.FileInfo // of the file; nil if it is not there
	// reached is told of each step before it is taken, for tests that crash there.
	reached func(step string)
}

// Do brings a file up to date. The error is a GiveUp, or worth another attempt.
func Do(ctx context.Context, j Job) (Report, error) { return do(ctx, j, func(string) {}) }

func do(ctx context.Context, j Job, reached func(string)) (r Report, err error) {
	w := &work{Job: j, reached: reached}
	if err := w.locate(); err != nil {
		return r, err
	}
	unlock, err := lock(ctx, w.beside+"-lock", j.Timeout)
	if err != nil {
		return r, err
	}
	defer unlock()
	if err := w.look(); err != nil {
		return r, err
	}
	p := decide(w.found)
	r.Refused = p.refused
	if p.replace {
		r.Diff = diff(j.File, w.old, w.text)
	}
	if p.refused != "" {
		return r, nil
	}
	if p.replace {
		if err := w.prepare(ctx); err != nil {
			return r, err
		}
		defer discard(w.candidate) // which is no more beside the file once it is in its place
	}
	if j.DryRun {
		return r, nil
	}
	return r, w.act(ctx, p, &r)
}

// locate finds where the file lies, and what lies beside it.
func (w *work) locate() error {
	file, err := filepath.Abs(w.File)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	} else if _, err := os.Lstat(file); err == nil {
		return GiveUp{Err: fmt.Errorf("%s is a link that leads nowhere", w.File)}
	}
	w.file = file
	w.beside = filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".tocsin")
	return nil
}

// look finds out what there is, and what it should be.
func (w *work) look() (err error) {
	if !w.DryRun {
		w.sweep()
	}
	w.event = w.Event
	if w.memory, err = recall(w.beside); err != nil {
		return err
	}
	w.memory = w.memory.forEvent(w.Cluster, w.Event)
	if w.text = w.Text; len(bytes.TrimSpace(w.text)) == 0 {
		return GiveUp{Err: errors.New("the text is empty, and an empty text is never written")}
	}
	w.info, err = os.Stat(w.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !w.info.Mode().IsRegular():
		return GiveUp{Err: fmt.Errorf("%s is not a file", w.File)}
	}
	w.exists = true
	w.old, err = os.ReadFile(w.file)
	return err
}

// prepare makes the new file beside the old one, with its owner and mode, and has
// it checked.
func (w *work) prepare(ctx context.Context) (err error) {
	w.reached("prepare")
	if w.candidate, err = w.create(w.Mode.Perm()); err != nil {
		return err
	}
	if err := w.fill(ctx); err != nil {
		discard(w.candidate)
		return err
	}
	return nil
}

func (w *work) fill(ctx context.Context) error {
	if w.info != nil {
		if err := likeOwner(w.candidate, w.info); err != nil {
			return err
		}
		if err := w.candidate.Chmod(w.info.Mode()); err != nil {
			return err
		}
	}
	if _, err := w.candidate.Write(w.text); err != nil {
		return err
	}
	if len(w.Check) == 0 || w.checksInPlace() {
		return nil
	}
	w.reached("check")
	if err := w.command(ctx, "check", w.Check, w.candidate.Name()); err != nil {
		return fmt.Errorf("%w; %s is as it was", err, w.File)
	}
	return nil
}

// command runs one of the two commands; {} in its arguments stands for file.
func (w *work) command(ctx context.Context, what string, argv []string, file string) error {
	path, err := script.Look(argv[0])
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return judge(what, script.Run(ctx, script.Command{
		Path: path, Args: filled(argv[1:], file), Env: script.Environment(tocsinVariables()...), Timeout: w.Timeout,
	}), w.Timeout)
}
