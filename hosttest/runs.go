//go:build linux

package hosttest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/clustertest/check"
	"tocsin/fsm"
	"tocsin/health"
)

// readRuns reads what the notification scripts of a node have written.
func (n *node) readRuns(at func(time.Time) time.Duration) ([]check.Run, error) {
	lines, err := os.ReadFile(filepath.Join(n.dir, "runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lives := map[int]int{}
	for _, l := range n.lives {
		lives[l.pid()] = l.Number
	}
	runs, err := parseRuns(string(lines), n.name, lives, at)
	if err != nil {
		return nil, fmt.Errorf("what the scripts of %s wrote: %w", n.name, err)
	}
	return runs, nil
}

// parseRuns reads the lines of notify.sh. Lives are the numbers of processes by
// their process ids.
func parseRuns(text, node string, lives map[int]int, at func(time.Time) time.Duration) (runs []check.Run, err error) {
	type process struct {
		id    int
		event uint64
	}
	open := map[process]int{} // place in runs
	for line := range strings.Lines(text) {
		var what, clock, status string
		var parent int
		var p process
		rest := ""
		if _, err := fmt.Sscan(line, &what, &clock, &parent, &p.id, &p.event); err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		moment, err := clockOf(clock)
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		if fields := strings.SplitN(strings.TrimSpace(line), " ", 6); len(fields) == 6 {
			rest = fields[5]
		}
		switch what {
		case "start":
			r := check.Run{Node: node, Life: lives[parent], Event: p.event, From: at(moment)}
			if _, err := fmt.Sscan(rest, &r.Role, &r.Key, &status, &r.Attempt); err != nil {
				return nil, fmt.Errorf("%w in %q", err, line)
			}
			if err := r.To.UnmarshalText([]byte(status)); err != nil || r.Role != fsm.Leader && r.Role != fsm.Follower || r.To == health.Unknown {
				return nil, fmt.Errorf("a script was told %q", line)
			}
			open[p] = len(runs)
			runs = append(runs, r)
		case "end":
			i, began := open[p]
			if !began {
				return nil, fmt.Errorf("a run ended that never began: %q", line)
			}
			delete(open, p)
			runs[i].End = at(moment)
			if _, err := fmt.Sscan(rest, &runs[i].Exit); err != nil {
				return nil, fmt.Errorf("%w in %q", err, line)
			}
		default:
			return nil, fmt.Errorf("what is %q?", line)
		}
	}
	return runs, nil
}

// clockOf reads the seconds of the wall clock as bash writes them.
func clockOf(text string) (time.Time, error) {
	var seconds, micros int64
	if _, err := fmt.Sscanf(text, "%d.%06d", &seconds, &micros); err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(seconds*1e6 + micros), nil
}
