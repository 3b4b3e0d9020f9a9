package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"tocsin/api"
	"tocsin/backup"
	"tocsin/fsm"
)

const snapshotPath = "/v1/snapshot"

const (
	// snapshotPatience bounds how long a backup may take on its way, in either
	// direction.
	snapshotPatience = 5 * time.Minute
	// restoredPatience is how long the answer to one that came may take.
	restoredPatience = time.Minute
	// maxUploads is the most backups that one node reads at once: each is in
	// memory as a whole.
	maxUploads = 2
)

func (s *server) snapshotOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: snapshotPath, id: "get-snapshot", tag: "cluster",
		summary: "Take a backup",
		text:    "A file with all that the cluster knows, as the asked node knows it, with a checksum; of events the newest, in at most 8 MiB. It holds every value: keep it as you keep those. The ETag names the version of settings, endpoints, pauses and maintenance windows together.",
		file:    true,
	}, s.takeSnapshot)
	register(s, to, operation{
		method: http.MethodPut, path: snapshotPath, id: "put-snapshot", tag: "cluster",
		summary: "Put back what people have written, from a backup",
		text: "The settings, the endpoints with their own settings, labels and parents, the pauses and the maintenance windows become what the backup says, all or none, and what is not in it is deleted; the answer is what was changed. " +
			"Pauses and windows that have ended are not put back, nor are members, tokens, events and states: an endpoint that was not there, or not so, begins anew, and its first decision notifies nobody. " +
			"The backup must be of this cluster; one of another is refused unless cluster names this one, or force is true. With dry_run nothing is done.",
		takesFile: true, answers: exampleRestored(), problems: []api.Code{api.CodeBusy},
	}, s.putSnapshot)
}

type takeSnapshotInput struct {
	Consistency consistency `query:"consistency"`
}

func (s *server) takeSnapshot(ctx context.Context, in *takeSnapshotInput) (*huma.StreamResponse, error) {
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	if view.ClusterID() == "" {
		return nil, api.Unavailable(errors.New("this node belongs to no cluster yet: there is nothing to take a backup of"))
	}
	return &huma.StreamResponse{Body: func(c huma.Context) { s.sendSnapshot(humagin.Unwrap(c), view) }}, nil
}

func (s *server) sendSnapshot(c *gin.Context, view *fsm.View) {
	allowTime(c, snapshotPatience)
	c.Header("Content-Type", api.TypeBinary)
	c.Header("Content-Disposition", `attachment; filename="tocsin-backup"`)
	c.Header("ETag", etagOf(view.ConfigurationIndex()))
	c.Header(api.IndexHeader, strconv.FormatUint(view.Index(), 10))
	c.Status(http.StatusOK)
	self := s.State.Self()
	if err := backup.Write(c.Writer, view, self.Node, self.Version, time.Now()); err != nil {
		s.log.Debug("a backup was broken off", "from_address", c.Request.RemoteAddr, "err", err)
		breakOff()
	}
}

type putSnapshotInput struct {
	Cluster     string `query:"cluster" minLength:"1" doc:"The id of this cluster, if the backup is of another" example:"GDB3C4KQ"`
	Force       string `query:"force" enum:"true,false" default:"false" doc:"true: whatever cluster the backup is of"`
	DryRun      string `query:"dry_run" enum:"true,false" default:"false" doc:"true: say what would be changed, and change nothing"`
	IfMatch     string `header:"If-Match" doc:"Only if settings, endpoints, pauses and windows are in the version of this ETag" example:"\"17\""`
	IfNoneMatch string `header:"If-None-Match" doc:"* is never so: a cluster always has settings" example:"*"`
	Sent        sent
}

type restoredOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	ETag  string `header:"ETag" doc:"The version of settings, endpoints, pauses and windows that is there now"`
	Body  api.Restored
}

func (s *server) putSnapshot(ctx context.Context, in *putSnapshotInput) (*restoredOutput, error) {
	condition, err := conditionOf(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	force, err1 := yesOrNo("force", in.Force)
	dryRun, err2 := yesOrNo("dry_run", in.DryRun)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	leave, err := s.gates.uploading.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	b, err := in.Sent.backup()
	if err != nil {
		return nil, err
	}
	view, err := s.known()
	if err != nil {
		return nil, err
	}
	if here := view.ClusterID(); !force && in.Cluster != here && (in.Cluster != "" || b.Cluster != here) {
		return nil, api.Faultf(api.CodeConflict, "the backup is of the cluster %s, and this is %s: name this one with --cluster %s if that is meant (cluster=%s in the query); nothing was done", b.Cluster, here, here, here)
	}
	now := time.Now()
	if err := b.Restorable(now); err != nil {
		return nil, api.BadRequest("the backup can't be restored, and nothing was done: %v", err)
	}
	command := b.View.Configuration(now)
	command.If = condition
	answer := api.Restored{DryRun: dryRun, From: b.Cluster, Taken: api.ReadableTime(b.Time)}
	if dryRun {
		if refused := fsm.Validate(view, command); refused != nil {
			return nil, refused
		}
		difference, refused := view.RestoreDifference(command)
		if refused != nil {
			return nil, refused
		}
		answer.Index, answer.Difference = view.Index(), difference
		return &restoredOutput{Index: answer.Index, ETag: etagOf(view.ConfigurationIndex()), Body: answer}, nil
	}
	result, err := s.propose(ctx, command)
	if err != nil {
		return nil, err
	}
	answer.Index, answer.Difference = result.Index, *result.Difference
	if d := result.Difference; result.Changed {
		s.log.Info("a backup was restored", "by", by(ctx), "cluster", b.Cluster, "added", len(d.Added), "changed", len(d.Changed), "deleted", len(d.Deleted),
			"pauses", d.Pauses.Count(), "windows", d.Windows.Count(), "index", result.Index, "from_address", in.Sent.from)
	}
	return &restoredOutput{Index: result.Index, ETag: etagOf(result.Version), Body: answer}, nil
}

// backup reads the backup that the body is, and has the rest of the request
// begin anew when it is there.
func (r *sent) backup() (backup.Backup, error) {
	allowBody(r.by, snapshotPatience)
	b, err := backup.Read(r.body)
	allowTime(r.by, restoredPatience)
	if err != nil && !undelivered(err) {
		return b, api.BadRequest("the backup can't be used: %v", err)
	}
	return b, err
}

// yesOrNo reads a parameter that is true or false, and false if it is left out.
func yesOrNo(name, text string) (bool, error) {
	switch text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, api.BadRequest("%s %q is neither true nor false", name, text)
}

func exampleRestored() api.Restored {
	d := exampleApplied().Difference
	d.Pauses.Added, d.Windows.Deleted = []string{"the prefix db-"}, []string{"patch"}
	return api.Restored{Index: 18, From: "GDB3C4KQ", Taken: exampleTime(), Difference: d}
}
