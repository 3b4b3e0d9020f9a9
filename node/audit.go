package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"tocsin/api"
)

// AuditFile is where the lines of the audit log are kept beside the log of the node.
// Its methods may be called from any goroutine.
type AuditFile interface {
	io.Writer
	// Reopen goes on in the file that has the name now: the one before may have been
	// moved away. After an error it goes on as before.
	Reopen() error
}

// auditLog is where a line for each change goes: to the log of the node, and to
// a file of its own if there is one.
func (n *Node) auditLog() *slog.Logger {
	log := n.log.With("component", "audit")
	if n.trail == nil {
		return log
	}
	file := slog.NewJSONHandler(n.trail, nil).WithAttrs([]slog.Attr{slog.String("node", n.cfg.Name)})
	return slog.New(slog.NewMultiHandler(log.Handler(), file))
}

// auditTrail writes to an AuditFile, and hears of what it does not take: whoever logs
// does not. Its methods may be called from any goroutine.
type auditTrail struct {
	to      AuditFile
	log     *slog.Logger
	lost    atomic.Uint64 // lines
	trouble atomic.Pointer[api.Concern]
}

// newAuditTrail returns nil if there is no file.
func newAuditTrail(to AuditFile, log *slog.Logger) *auditTrail {
	if to == nil {
		return nil
	}
	return &auditTrail{to: to, log: log.With("component", "audit")}
}

// Write implements io.Writer for one line.
func (a *auditTrail) Write(line []byte) (int, error) {
	written, err := a.to.Write(line)
	if err == nil {
		if a.trouble.Swap(nil) != nil {
			a.log.Info("the audit log is written to its file again")
		}
		return written, nil
	}
	a.lost.Add(1)
	why := api.Concern{
		Subject: api.ConcernAudit, Text: "lines of --audit-log are lost: " + err.Error(),
		Remedy: "make room, or see that the agent may write there; they stand in the log of this node alone, as component audit",
	}
	if a.trouble.Swap(&why) == nil {
		a.log.Error("the audit log can't be written to its file: until it can, its lines stand in this log alone", "err", err)
	}
	return written, err
}

// concerns says what is wrong with it now. It may be called of nil.
func (a *auditTrail) concerns() []api.Concern {
	if a == nil {
		return nil
	}
	if why := a.trouble.Load(); why != nil {
		return []api.Concern{*why}
	}
	return nil
}

// missing returns how many lines were lost, nil if there is no file.
func (a *auditTrail) missing() *uint64 {
	if a == nil {
		return nil
	}
	return new(a.lost.Load())
}

// reopen goes on in the file that has the name now.
func (a *auditTrail) reopen() error {
	if a == nil {
		return nil
	}
	if err := a.to.Reopen(); err != nil {
		return fmt.Errorf("--audit-log: %w", err)
	}
	return nil
}

// auditFile is the real AuditFile, of that name.
type auditFile struct {
	name string

	mu   sync.Mutex // held while a line is written: one comes after the other
	file *os.File
}

func openAuditFile(name string) (*auditFile, error) {
	file, err := appendTo(name)
	if err != nil {
		return nil, err
	}
	return &auditFile{name: name, file: file}, nil
}

func appendTo(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
}

// Write implements io.Writer.
func (f *auditFile) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Write(line)
}

// Reopen implements AuditFile.
func (f *auditFile) Reopen() error {
	file, err := appendTo(f.name)
	if err != nil {
		return err
	}
	f.mu.Lock()
	before := f.file
	f.file = file
	f.mu.Unlock()
	_ = before.Close() // each line was written when it was told
	return nil
}

// Close closes it for good.
func (f *auditFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.file.Close(); !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}
