package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/script"
)

// act takes the steps of p. The memory is written before whatever it has to
// outlive.
func (w *work) act(ctx context.Context, p plan, r *Report) error {
	event := max(w.Event, w.memory.Event)
	if p.replace {
		if err := w.replace(event); err != nil {
			return err
		}
		r.Replaced = true
	}
	if p.reload && w.checksInPlace() {
		w.reached("check in place")
		if err := w.command(ctx, "check", w.Check, w.file); err != nil {
			r.Replaced = false
			return w.restore(ctx, err, w.Pending) // a run before may have come further
		}
	}
	if p.reload && len(w.Reload) > 0 {
		w.reached("reload")
		if err := w.command(ctx, "reload", w.Reload, w.file); err != nil {
			r.Replaced = false
			return w.restore(ctx, err, true)
		}
		r.Reloaded = true
	}
	w.reached("done")
	if err := w.remember(memory{Event: event, Cluster: w.memory.Cluster}); err != nil {
		return err
	}
	return gone(os.Remove(w.beside + "-old"))
}

// replace keeps the old file and puts the new one in its place. Where a run was
// cut short, what it has kept is the last that was read well, and stays: a file,
// or that there was none.
func (w *work) replace(event uint64) error {
	w.reached("keep")
	created := !w.exists
	if w.Pending && (w.Created || isThere(w.beside+"-old")) {
		created = w.Created
	} else if err := w.keep(); err != nil {
		return err
	}
	if err := w.remember(memory{Event: event, Cluster: w.memory.Cluster, Pending: true, Created: created}); err != nil {
		return err
	}
	w.memory.Created = created
	w.reached("replace")
	return place(w.candidate, w.file)
}

// keep gives the old file a second name. It is the same file, so that who owns
// it, its mode and whatever else it has come back with it.
func (w *work) keep() error {
	if err := gone(os.Remove(w.beside + "-old")); err != nil || !w.exists {
		return err
	}
	return os.Link(w.file, w.beside+"-old")
}

// checksInPlace reports whether the check is of the file in its place, with all
// that lies around it.
func (w *work) checksInPlace() bool {
	return len(w.Check) > 0 && !slices.ContainsFunc(w.Check, func(word string) bool { return strings.Contains(word, "{}") })
}

// restore puts the old file back, because of failure, and has the service read it
// if it may have read the new one.
func (w *work) restore(ctx context.Context, failure error, read bool) error {
	w.reached("restore")
	err := os.Rename(w.beside+"-old", w.file)
	switch {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; and the old file can't be put back: %w", failure, err)
	case w.memory.Created:
		if err := gone(os.Remove(w.file)); err != nil {
			return fmt.Errorf("%w; and the new file can't be removed: %w", failure, err)
		}
	default:
		return fmt.Errorf("%w; it is tried again at the next run", failure)
	}
	w.reached("restored")
	var again error
	if read = read && len(w.Reload) > 0; read {
		again = w.command(ctx, "reload", w.Reload, w.file)
	}
	// Where the service has not read the old one either, the next run has to see
	// to it, though the file may be right then. The event was not acted on.
	if err := w.remember(memory{Event: w.memory.Event, Cluster: w.memory.Cluster, Pending: again != nil}); err != nil {
		return errors.Join(failure, err)
	}
	switch {
	case again != nil:
		return fmt.Errorf("%w; %s is as it was, and that can't be reloaded either", failure, w.File)
	case !read:
		return fmt.Errorf("%w; %s is as it was", failure, w.File)
	}
	return fmt.Errorf("%w; %s is as it was, and was reloaded", failure, w.File)
}

// likeOwner gives f the owner and group of the file that info is of.
func likeOwner(f *os.File, info fs.FileInfo) error {
	now, err := f.Stat()
	if err != nil {
		return err
	}
	want, is := info.Sys().(*syscall.Stat_t), now.Sys().(*syscall.Stat_t)
	if want.Uid == is.Uid && want.Gid == is.Gid {
		return nil
	}
	if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
		return fmt.Errorf("the file belongs to user %d and group %d, and we can't make another that does: %w: run this as root, or as that user", want.Uid, want.Gid, err)
	}
	return nil
}

func isThere(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// gone is err, unless it says that the file is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// filled returns argv with file in the place of each {}.
func filled(argv []string, file string) []string {
	out := make([]string, len(argv))
	for i, word := range argv {
		out[i] = strings.ReplaceAll(word, "{}", file)
	}
	return out
}

// judge returns what is wrong with how a command ended, nil if nothing is.
func judge(what string, r script.Result, timeout time.Duration) error {
	words := strings.TrimSpace(r.Stderr)
	if words == "" {
		words = strings.TrimSpace(r.Stdout)
	}
	if words != "" {
		words = ": " + words[max(0, len(words)-maxWords):]
	}
	switch {
	case r.StartErr != nil:
		return fmt.Errorf("%s could not be started: %w", what, r.StartErr)
	case r.Interrupted:
		return fmt.Errorf("%s was interrupted", what)
	case r.TimedOut:
		return fmt.Errorf("%s did not end within %v%s", what, timeout, words)
	case r.Signal != "":
		return fmt.Errorf("%s was ended by the signal %s%s", what, r.Signal, words)
	case r.ExitCode != 0:
		return fmt.Errorf("%s exited with %d%s", what, r.ExitCode, words)
	}
	return nil
}

// maxWords is how much of what a command says is passed on, in bytes.
const maxWords = 1000

// tocsinVariables are what a command of ours is told of the event, too.
func tocsinVariables() []string {
	var all []string
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "TOCSIN_") {
			all = append(all, variable)
		}
	}
	return all
}
